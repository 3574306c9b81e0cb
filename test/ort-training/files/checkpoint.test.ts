import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Builder, type Offset } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { FIELDS, IDENTIFIER, type OrtCheckpoint } from '../../../src/ort-training/files/checkpoint.js';
import { decodeOrtCheckpoint } from '../../../src/ort-training/files/read-checkpoint.js';
import { encodeOrtCheckpoint } from '../../../src/ort-training/files/write-checkpoint.js';
import { AgonError } from '../../../src/util/error.js';
import { stream } from '../../../src/util/random.js';

const OFFICIAL = '../shared/data/ort-training-artifacts/microsoft-onnxruntime';

const CHECKPOINT: OrtCheckpoint = {
  trainable: new Map([
    ['fc.bias', tensor('float32', [3], [0.5, -1, 2])],
    ['fc.weight', tensor('float32', [3, 2], [1, 2, 3, 4, 5, 6])],
  ]),
  frozen: new Map([['bn.running_mean', tensor('float32', [], [7])]]),
  optimizers: [
    {
      name: 'group0',
      step: 12345678901n,
      initialLearningRate: 0.125,
      states: new Map([['fc.bias', new Map([['momentum0', tensor('float32', [3], [9, 8, 7])]])]]),
    },
  ],
  properties: new Map<string, bigint | number | string>([
    ['epoch', 4n],
    ['loss', 0.25],
    ['name', 'größer'],
  ]),
  nominal: false,
};

describe('a checkpoint of ONNX Runtime training', () => {
  it('reads back as it was written', () => {
    const bytes = encodeOrtCheckpoint(CHECKPOINT);
    expect(new TextDecoder().decode(bytes.subarray(4, 8))).toBe('ODTC');
    expect(decodeOrtCheckpoint(bytes)).toEqual(CHECKPOINT);
    const empty = { ...CHECKPOINT, trainable: new Map(), frozen: new Map(), optimizers: [], properties: new Map() };
    expect(decodeOrtCheckpoint(encodeOrtCheckpoint(empty))).toEqual(empty);
  });

  it.each([
    [new Uint8Array(3), 'x.ckpt: not a checkpoint of ONNX Runtime training: expected the identifier "ODTC"'],
    [new TextEncoder().encode('PK\u0003\u0004 something else entirely'), 'x.ckpt: not a checkpoint'],
    [encodeOrtCheckpoint(CHECKPOINT).subarray(0, 40), 'x.ckpt: damaged'],
  ])('%# that is none is refused', (bytes, message) => {
    expect(() => decodeOrtCheckpoint(bytes, 'x.ckpt')).toThrow(message);
  });

  it('of a later version is refused', () => {
    const bytes = encodeOrtCheckpoint(CHECKPOINT).slice();
    const view = new DataView(bytes.buffer);
    const root = view.getUint32(0, true);
    const vtable = root - view.getInt32(root, true);
    view.setInt32(root + view.getUint16(vtable + 4, true), 3, true);
    expect(() => decodeOrtCheckpoint(bytes, 'x.ckpt')).toThrow('version of the checkpoint: expected 1 or 2, got 3');
    view.setInt32(root + view.getUint16(vtable + 4, true), 1, true);
    expect(decodeOrtCheckpoint(bytes, 'x.ckpt')).toEqual(CHECKPOINT);
  });

  it('with any bytes changed is read or refused, never more', () => {
    const whole = encodeOrtCheckpoint(CHECKPOINT);
    const random = stream(1, 'fuzz');
    let refused = 0;
    for (let round = 0; round < 4000; round++) {
      const bytes = whole.slice(0, random.uniform() < 0.2 ? random.below(whole.length) : whole.length);
      for (let i = random.below(4); i >= 0 && bytes.length > 0; i--) {
        bytes[random.below(bytes.length)] = random.uniform() < 0.5 ? 0xff : random.below(256);
      }
      try {
        decodeOrtCheckpoint(bytes, 'x.ckpt');
      } catch (error) {
        expect(error).toBeInstanceOf(AgonError);
        expect((error as Error).message).toMatch(/^x\.ckpt/);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });

  it.each([
    ['groups', 300],
    ['tensors', 4000],
    ['strings', 4000],
  ] as const)('whose parts are shared so that it stands for gigabytes is refused: %s', (kind, times) => {
    const bytes = bomb(kind, times);
    expect(bytes.length).toBeLessThan(64_000);
    const before = process.memoryUsage();
    expect(() => decodeOrtCheckpoint(bytes, 'x.ckpt')).toThrow(/^x\.ckpt: damaged: it refers to the same parts again/);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(2 ** 26);
  });

  it.skipIf(!existsSync(OFFICIAL))("reads Microsoft's own (skipped without ../shared)", () => {
    const official = decodeOrtCheckpoint(readFileSync(`${OFFICIAL}/checkpoint.ckpt`));
    expect(
      [...official.trainable].map(([name, { dims }]) => `${name} ${dims}`).sort((a, b) => (a < b ? -1 : 1)),
    ).toEqual(['fc1.bias 500', 'fc1.weight 500,784', 'fc2.bias 10', 'fc2.weight 10,500']);
    const [weight] = [...official.trainable.values()];
    expect(toNumbers(weight as never).every(Number.isFinite)).toBe(true);
    expect(isDeepStrictEqual(decodeOrtCheckpoint(encodeOrtCheckpoint(official)), official)).toBe(true);
    for (const name of ['nominal_checkpoint', 'custom_ops/checkpoint', 'ort_format/checkpoint']) {
      const bytes = readFileSync(`${OFFICIAL}/${name}`);
      expect(decodeOrtCheckpoint(bytes, name).trainable.size, name).toBeGreaterThan(0);
    }
  });
});

/** A small file that refers to one and the same part `times` times: a text or a tensor of 40 KB, or at each of three levels. */
function bomb(kind: 'groups' | 'tensors' | 'strings', times: number): Uint8Array {
  const b = new Builder(1024);
  const again = (part: Offset) => {
    b.startVector(4, times, 4);
    for (let i = 0; i < times; i++) b.addOffset(part);
    return b.endVector();
  };
  const table = (fields: Readonly<Record<number, Offset>>) => {
    b.startObject(4);
    for (const [field, offset] of Object.entries(fields)) b.addFieldOffset(Number(field), offset, 0);
    return b.endObject();
  };
  const tensorTable = (size: number) => {
    const [name, raw] = [b.createString('w'), b.createByteVector(new Uint8Array(size))];
    b.startVector(8, 1, 8);
    b.addInt64(BigInt(size / 4));
    const dims = b.endVector();
    b.startObject(5);
    b.addFieldOffset(FIELDS.tensor.name, name, 0);
    b.addFieldOffset(FIELDS.tensor.dims, dims, 0);
    b.addFieldInt32(FIELDS.tensor.type, 1, 0);
    b.addFieldOffset(FIELDS.tensor.raw, raw, 0);
    return b.endObject();
  };
  const moduleOf = (tensors?: Offset) => table(tensors === undefined ? {} : { [FIELDS.module.trainable]: tensors });
  const parts: Record<typeof kind, () => Readonly<Record<number, Offset>>> = {
    groups: () => {
      const states = again(table({ [FIELDS.state.momenta]: again(tensorTable(4)) }));
      return { [FIELDS.checkpoint.optimizers]: again(table({ [FIELDS.group.states]: states })) };
    },
    tensors: () => ({ [FIELDS.checkpoint.module]: moduleOf(again(tensorTable(40_000))) }),
    strings: () => {
      const property = table({ [FIELDS.property.value]: b.createString('x'.repeat(40_000)) });
      return { [FIELDS.checkpoint.properties]: table({ [FIELDS.bag.strings]: again(property) }) };
    },
  };
  const fields = { [FIELDS.checkpoint.module]: moduleOf(), ...parts[kind]() };
  b.startObject(4);
  b.addFieldInt32(FIELDS.checkpoint.version, 2, 0);
  for (const [field, offset] of Object.entries(fields)) b.addFieldOffset(Number(field), offset, 0);
  b.finish(b.endObject(), IDENTIFIER);
  return b.asUint8Array();
}
