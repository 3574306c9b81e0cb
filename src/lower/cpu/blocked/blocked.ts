import { indicator, reshape, transpose } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import { type Attributes, NCHWC, type Value } from '../../../graph/node/node.js';
import { sizesOf } from '../../../graph/node/sizes.js';
import { codeOfDtype, tensor } from '../../../onnx/tensor.js';
import { fillsBlocks, padTo } from './ragged.js';

/** A tensor [N, C, H, W] whose bytes are [N, C/b, H, W, b], C rounded up to whole blocks. */
export type Blocked = Value;

/** What a blocked convolution takes along in the same pass over memory. */
export interface Extras {
  /** A blocked tensor that is added, before the activation. One that is needed afterwards is copied first, by a single thread. */
  readonly sum?: Blocked | undefined;
  readonly activation?:
    | { readonly name: 'Relu' | 'Clip' | 'HardSigmoid'; readonly parameters?: readonly number[] }
    | undefined;
}

/** Whether images [N, C, H, W] can be blocked: their channels fill blocks. Beside numbers these may be conditions on them. */
export function isBlockable({ dtype, shape }: Value, block: number): boolean {
  if (dtype !== 'float32' && dtype !== 'bool') return false;
  return shape.length === 4 && typeof shape[1] === 'number' && fillsBlocks(shape[1], block);
}

/** Blocks [N, C, H, W] of whole blocks. */
export const toBlocked = (g: Graph, x: Value): Blocked =>
  asNumbers(g, x, (numbers) => g.op('ReorderInput', [numbers], {}, { domain: NCHWC }));

/** Back to [N, C, H, W], of all channels or the first ones. */
export function fromBlocked(g: Graph, x: Blocked, channels = Number(x.shape[1])): Value {
  const attributes = { channels, channels_last: 0 };
  return asNumbers(g, x, (numbers) => g.op('ReorderOutput', [numbers], attributes, { domain: NCHWC }));
}

/** Does with conditions, as 0 and 1, what there is for float32 only. */
function asNumbers(g: Graph, x: Value, reorder: (numbers: Value) => Value): Value {
  return x.dtype === 'bool' ? g.op('Cast', [reorder(indicator(g, x))], { to: codeOfDtype('bool') }) : reorder(x);
}

/** Back to [N, H, W, C]: the same bytes where there is one block. */
export function channelsLast(g: Graph, x: Blocked, block: number): Value {
  const [n, channels, height, width] = sizesOf(x, 4);
  if (channels === block) return reshape(g, x, [n, height, width, channels]);
  return g.op('ReorderOutput', [x], { channels, channels_last: 1 }, { domain: NCHWC });
}

/**
 * [N, H, W, C] as [N, C, H, W], by way of blocks where there are whole ones: ONNX Runtime's Transpose wakes its threads anew for
 * every one of N.
 */
export function channelsFirst(g: Graph, x: Value, block: number): Value {
  if (Number(x.shape[3]) % block !== 0) return transpose(g, x, [0, 3, 1, 2]);
  return fromBlocked(g, g.op('ReorderInput', [x], { channels_last: 1 }, { domain: NCHWC }));
}

/** A convolution over blocked images, with what it takes along; ONNX Runtime may write into the sum's memory. */
export function blockedConv(
  g: Graph,
  [x, weights, bias = null]: readonly [Value, Value, (Value | null)?],
  attributes: Attributes,
  { sum, activation }: Extras = {},
): Blocked {
  const inputs = [x, weights, bias, sum ?? null].slice(0, sum ? 4 : bias ? 3 : 2);
  const ending = activation && {
    activation: activation.name,
    ...(activation.parameters && { activation_params: { floats: activation.parameters } }),
  };
  return g.op('Conv', inputs, { ...attributes, ...ending }, { domain: NCHWC });
}

/** Every stride-th row and column: a maximum of one element each. */
export function subsample(g: Graph, x: Blocked, strides: readonly number[]): Blocked {
  return g.op('MaxPool', [x], { kernel_shape: [1, 1], strides }, { domain: NCHWC });
}

export const blockedGlobalAverage = (g: Graph, x: Blocked): Value =>
  g.op('GlobalAveragePool', [x], {}, { domain: NCHWC });

/** y = scale * x + shift per channel (+ sum), then the activation: one pass over memory, as a 1x1 convolution with a group a channel. */
export function affine(g: Graph, x: Blocked, scale: Value, shift: Value | null, extras: Extras = {}): Blocked {
  const channels = Number(x.shape[1]);
  const weights = reshape(g, padTo(g, scale, [channels]), [channels, 1, 1, 1]);
  const inputs = [x, weights, shift && padTo(g, shift, [channels])] as const;
  return blockedConv(g, inputs, { group: channels, kernel_shape: [1, 1] }, extras);
}

/** [N, M] summed over N: a product with a row of ones, as ONNX Runtime's ReduceSum over the first axis takes several times as long. */
export function sumRows(g: Graph, x: Value): Value {
  const [n, m] = sizesOf(x, 2);
  const ones = g.constant(tensor('float32', [1, n], new Float32Array(n).fill(1)));
  return reshape(g, g.op('MatMul', [ones, x]), [m]);
}

/** A slope that makes a step of HardSigmoid: steeper than the reciprocal of any difference of two numbers that aren't denormal. */
export const STEEP = 3e38;

/** The same factor for every channel, as {@link affine} takes it. */
export function perChannel(g: Graph, channels: number, value: number): Value {
  return g.constant(tensor('float32', [channels], new Float32Array(channels).fill(value)));
}
