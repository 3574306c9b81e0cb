import { PARAMETER_OPERATIONS } from '../distill/mutation.js';
import { fail, present } from '../util/error.js';
import type { LineageStep } from './lineage.js';

/** What is needed to read a record: how many networks there are, and the operations on inputs by their numbers. */
export interface RecordLayout {
  readonly networks: number;
  readonly operations: readonly string[];
}

/** Networks and operations have a byte in a record; 255 is none. */
const NONE = 255;

// Offsets of a record, little-endian: flags; the winner; three perturbations (network, operation, and a mate); three float32;
// then float32 [networks] of KL divergences; then the bits of the teachers, row after row, each byte from its lowest bit.
const FLAGS = 0;
const WINNER = 1;
const INPUT = 2;
const PARAMETERS = 4;
const VERDICT = 7;
const MARGIN = 9;
const DIFFERENCE = 13;
const GAIN = 17;
const KL = 21;

/** A record of zeros is a step of which nothing is known. */
const FLAG = { known: 1, input: 2, parameters: 4, verdict: 8, kept: 16 } as const;

/** Bytes of a record. */
export function recordSize({ networks }: RecordLayout): number {
  return KL + 4 * networks + Math.ceil(networks ** 2 / 8);
}

/** Fails for a run whose networks or operations a record can't number. */
export function checkLayout(where: string, { networks, operations }: RecordLayout): void {
  const most = Math.max(networks, operations.length);
  if (most <= NONE) return;
  fail(where, 'networks or operations', { expected: `${NONE} at most`, got: String(most) });
}

/** The bytes of a step's record. */
export function encodeRecord(layout: RecordLayout, step: LineageStep): Uint8Array {
  const bytes = new Uint8Array(recordSize(layout));
  const view = new DataView(bytes.buffer);
  const { inputPerturbation: input, parameterPerturbation: parameters, verdict } = step;
  bytes.set([flagsOf(step), step.winner], FLAGS);
  view.setFloat32(MARGIN, step.margin, true);
  if (input) {
    bytes.set([input.network, numberOf(layout.operations, input.operation)], INPUT);
    view.setFloat32(DIFFERENCE, input.difference, true);
  }
  if (parameters) {
    const { network, operation, mate } = parameters;
    bytes.set([network, numberOf(PARAMETER_OPERATIONS, operation), mate ?? NONE], PARAMETERS);
  }
  if (verdict) {
    bytes.set([verdict.network, numberOf(PARAMETER_OPERATIONS, verdict.operation)], VERDICT);
    view.setFloat32(GAIN, verdict.gain ?? Number.NaN, true);
  }
  for (const [i, kl] of step.kl.entries()) view.setFloat32(KL + 4 * i, kl, true);
  bytes.set(packBits(step.teachers.flat()), teachersAt(layout));
  return bytes;
}

/** The step of a record, `undefined` where nothing is known of it. One that no step can have is an error at `where`. */
export function decodeRecord(layout: RecordLayout, bytes: Uint8Array, where: string): LineageStep | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, recordSize(layout));
  const flags = view.getUint8(FLAGS);
  if (!(flags & FLAG.known)) return undefined;
  const network = (at: number) => {
    const index = view.getUint8(at);
    return index < layout.networks ? index : fail(where, 'is damaged', { got: `network ${index}` });
  };
  const operation = <T extends string>(at: number, names: readonly T[]): T => {
    return names[view.getUint8(at)] ?? fail(where, 'is damaged', { got: `operation ${view.getUint8(at)}` });
  };
  const number = (at: number) => view.getFloat32(at, true);
  const { networks: n } = layout;
  const bits = unpackBits(bytes.subarray(teachersAt(layout)));
  return {
    teachers: Array.from({ length: n }, (_, i) => bits.slice(i * n, (i + 1) * n)),
    winner: network(WINNER),
    margin: number(MARGIN),
    kl: Array.from({ length: n }, (_, i) => number(KL + 4 * i)),
    ...(flags & FLAG.input && {
      inputPerturbation: {
        network: network(INPUT),
        operation: operation(INPUT + 1, layout.operations),
        difference: number(DIFFERENCE),
      },
    }),
    ...(flags & FLAG.parameters && {
      parameterPerturbation: {
        network: network(PARAMETERS),
        operation: operation(PARAMETERS + 1, PARAMETER_OPERATIONS),
        mate: view.getUint8(PARAMETERS + 2) === NONE ? null : network(PARAMETERS + 2),
      },
    }),
    ...(flags & FLAG.verdict && {
      verdict: {
        network: network(VERDICT),
        operation: operation(VERDICT + 1, PARAMETER_OPERATIONS),
        kept: (flags & FLAG.kept) > 0,
        gain: Number.isNaN(number(GAIN)) ? null : number(GAIN),
      },
    }),
  };
}

function flagsOf({ inputPerturbation, parameterPerturbation, verdict }: LineageStep): number {
  const flag = (name: keyof typeof FLAG, set: boolean) => (set ? FLAG[name] : 0);
  return (
    FLAG.known |
    flag('input', inputPerturbation !== undefined) |
    flag('parameters', parameterPerturbation !== undefined) |
    flag('verdict', verdict !== undefined) |
    flag('kept', verdict?.kept === true)
  );
}

function teachersAt({ networks }: RecordLayout): number {
  return KL + 4 * networks;
}

function packBits(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) if (bit) bytes[i >> 3] = (bytes[i >> 3] as number) | (1 << (i & 7));
  return bytes;
}

function unpackBits(bytes: Uint8Array): boolean[] {
  return Array.from({ length: 8 * bytes.length }, (_, i) => ((bytes[i >> 3] as number) & (1 << (i & 7))) > 0);
}

function numberOf(operations: readonly string[], operation: string): number {
  const at = operations.indexOf(operation);
  return present(at < 0 ? undefined : at, `the number of operation ${operation}`);
}
