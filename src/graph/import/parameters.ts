import type { NodeProto } from '../../onnx/model.js';
import type { Parameter } from '../graph.js';
import type { Initialiser } from '../initialiser.js';
import type { Source, Sources } from './sources.js';

/** One place where a tensor is an input. */
export interface Use {
  readonly node: NodeProto;
  readonly slot: number;
}

/** Inputs in which a tensor is learned, by operator. */
const WEIGHT_SLOTS: ReadonlyMap<string, readonly number[]> = new Map([
  ['Conv', [1, 2]],
  ['ConvTranspose', [1, 2]],
  ['Gemm', [0, 1, 2]],
  ['MatMul', [0, 1]],
  ['BatchNormalization', [1, 2, 3, 4]],
  ['GroupNormalization', [1, 2]],
  ['InstanceNormalization', [1, 2]],
  ['LayerNormalization', [1, 2]],
  ['PRelu', [1]],
]);

/** Operators whose further inputs are settings: bounds, amounts, sizes. */
const SETTINGS = new Set(['Clip', 'Pad', 'OneHot', 'Dropout', 'Resize', 'Upsample', 'Pow', 'ConstantOfShape']);
const LINEAR = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);
const ARITHMETIC = new Set(['Add', 'Sub', 'Mul', 'Div']);

/**
 * Which tensors of a file are parameters; the others stay constants. A parameter is a float32 tensor that
 *   1. fills a weight's place: weights and biases of Conv, ConvTranspose, Gemm and MatMul, an Add right after one of
 *      these, scale and shift of a normalisation, the slope of PRelu; or
 *   2. is an initializer (not a Constant node) of more than one element, unless each use of it is a setting (bounds,
 *      sizes, exponents) or normalises the graph's input before any other operator.
 */
export class ParameterRule {
  readonly #uses = new Map<string, Use[]>();
  readonly #makers = new Map<string, NodeProto>();
  readonly #raw: Set<string>;

  constructor(
    nodes: readonly NodeProto[],
    private readonly sources: Sources,
    inputs: readonly string[],
  ) {
    for (const node of nodes) {
      for (const output of node.output) this.#makers.set(output, node);
      for (const [slot, name] of node.input.entries()) this.#addUse(sources.resolve(name), { node, slot });
    }
    this.#raw = new Set(inputs);
    for (const node of nodes) if (this.#isRaw(node)) this.#raw.add(node.output[0] ?? '');
  }

  usesOf(name: string): readonly Use[] {
    return this.#uses.get(name) ?? [];
  }

  isParameter(name: string, { kind, dtype, dims }: Source): boolean {
    if (dtype !== 'float32') return false;
    const uses = this.usesOf(name);
    if (uses.some((use) => this.#isWeight(use))) return true;
    const large = dims.some((dim) => dim !== 1);
    return (
      kind === 'initializer' && large && uses.some((use) => !isSetting(use) && !this.#raw.has(use.node.output[0] ?? ''))
    );
  }

  #addUse(name: string, use: Use): void {
    const uses = this.#uses.get(name);
    if (uses) uses.push(use);
    else if (this.sources.byName.has(name)) this.#uses.set(name, [use]);
  }

  #isWeight({ node, slot }: Use): boolean {
    if (WEIGHT_SLOTS.get(node.opType)?.includes(slot)) return true;
    return node.opType === 'Add' && LINEAR.has(this.#makers.get(node.input[1 - slot] ?? '')?.opType ?? '');
  }

  /** Whether a node is arithmetic of the graph's input with tensors of the file. */
  #isRaw({ opType, input }: NodeProto): boolean {
    if (!ARITHMETIC.has(opType) && opType !== 'Cast' && opType !== 'Transpose') return false;
    const isFile = (name: string) => this.sources.byName.has(this.sources.resolve(name));
    return input.every((name) => this.#raw.has(name) || isFile(name)) && input.some((name) => this.#raw.has(name));
  }
}

/** Whether a use is BatchNormalization's running mean or variance. */
export function isBuffer({ node, slot }: Use): boolean {
  return node.opType === 'BatchNormalization' && slot >= 3;
}

/** `running_mean` or `running_var`, as torch calls them. */
export function bufferName({ slot }: Use): string {
  return slot === 3 ? 'running_mean' : 'running_var';
}

/** How a parameter of this use would start if it were trained anew: matrices and kernels as Kaiming, scales 1, shifts 0, slopes 0.25. */
export function initialiserOf(use: Use | undefined, role: Parameter['role'], rank: number): Initialiser {
  if (use && role === 'buffer') return { kind: 'constant', value: use.slot === 4 ? 1 : 0 };
  if (use?.node.opType === 'PRelu') return { kind: 'constant', value: 0.25 };
  if (use?.node.opType === 'Add') return { kind: 'constant', value: 0 };
  if (rank >= 2) return { kind: 'kaiming-normal', mode: use && isInputMajor(use) ? 'fan-out' : 'fan-in' };
  return { kind: 'constant', value: use?.slot === 1 && use.node.opType.endsWith('Normalization') ? 1 : 0 };
}

/** Whether a matrix has its inputs along axis 0, where torch has the outputs. */
function isInputMajor({ node }: Use): boolean {
  if (node.opType === 'MatMul') return true;
  return node.opType === 'Gemm' && !node.attribute?.find(({ name }) => name === 'transB')?.i;
}

function isSetting({ node, slot }: Use): boolean {
  return slot > 0 && SETTINGS.has(node.opType);
}
