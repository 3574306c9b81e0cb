import { reshape, transpose } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import { type Attributes, NCHWC, type Value } from '../../graph/node.js';
import { tensor } from '../../onnx/tensor.js';

/** A tensor [N, C, H, W] whose bytes are [N, C/b, H, W, b]. */
export type Blocked = Value;

/** What a blocked convolution takes along in the same pass over memory. */
export interface Extras {
  /** A blocked tensor that is added, before the activation. */
  readonly sum?: Blocked | undefined;
  readonly activation?:
    | { readonly name: 'Relu' | 'Clip' | 'HardSigmoid'; readonly parameters?: readonly number[] }
    | undefined;
}

/** Whether images [N, C, H, W] can be blocked: whole blocks of channels. */
export function isBlockable({ shape }: Value, block: number): boolean {
  return shape.length === 4 && typeof shape[1] === 'number' && shape[1] % block === 0;
}

export const toBlocked = (g: Graph, x: Value): Blocked => g.op('ReorderInput', [x], {}, { domain: NCHWC });

/** Back to [N, C, H, W], or to [N, H, W, C]. */
export function fromBlocked(g: Graph, x: Blocked, channelsLast = false): Value {
  return g.op(
    'ReorderOutput',
    [x],
    { channels: Number(x.shape[1]), channels_last: channelsLast ? 1 : 0 },
    { domain: NCHWC },
  );
}

/** Back to [N, H, W, C]: the same bytes where there is one block. */
export function channelsLast(g: Graph, x: Blocked, block: number): Value {
  const [n, channels, height, width] = x.shape as readonly [number, number, number, number];
  return channels === block ? reshape(g, x, [n, height, width, channels]) : fromBlocked(g, x, true);
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

/** y = scale * x + shift per channel (+ sum), then the activation: one pass, as a 1x1 convolution with a group a channel. */
export function affine(g: Graph, x: Blocked, scale: Value, shift: Value | null, extras: Extras = {}): Blocked {
  const channels = Number(x.shape[1]);
  const weights = reshape(g, scale, [channels, 1, 1, 1]);
  return blockedConv(g, [x, weights, shift], { group: channels, kernel_shape: [1, 1] }, extras);
}

/** The same factor for every channel, as {@link affine} takes it. */
export function perChannel(g: Graph, channels: number, value: number): Value {
  return g.constant(tensor('float32', [channels], new Float32Array(channels).fill(value)));
}
