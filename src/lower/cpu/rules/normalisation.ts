import { add, div, mul, neg, reshape, sub } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import type { Value } from '../../../graph/node.js';
import { affine, type Blocked, blockedConv, blockedGlobalAverage, type Extras } from '../blocked.js';
import type { LayoutRule } from '../layout.js';

/** Statistics in two passes over memory and no copy; the normalisation is put off, to be merged with what follows. */
export const BatchNormTraining: LayoutRule = (node, layout) => {
  const source = node.input(0);
  if (!layout.isBlocked(source)) return undefined;
  const { g, block } = layout;
  const x = layout.blocked(source);
  const [weight, bias] = [layout.plain(node.input(1)), layout.plain(node.input(2))];
  const n = g.scalar(elements(x));
  const mean = channelMean(g, x, block);
  const power = div(g, channelDots(g, x, x, block), n);
  const variance = g.op('Relu', [sub(g, power, mul(g, mean, mean))]);
  const inverse = g.op('Reciprocal', [g.op('Sqrt', [add(g, variance, g.scalar(node.number('epsilon', 1e-5)))])]);
  const scale = mul(g, weight, inverse);
  const shift = sub(g, bias, mul(g, mean, scale));
  const pending = { build: (extras: Extras) => affine(g, x, scale, shift, extras) };
  return [{ pending }, { plain: mean }, { plain: variance }, { plain: inverse }];
};

// With r the inverse deviation: dBias = sum dY, dScale = r (sum dY X - mean dBias), and dX = a dY + b X + c per channel with
// a = scale r, b = -a r dScale / n, c = -a dBias / n - b mean
export const BatchNormTrainingGrad: LayoutRule = (node, layout) => {
  const source = node.input(1);
  if (!layout.isBlocked(source)) return undefined;
  const { g, block } = layout;
  const [dY, x] = [layout.blocked(node.input(0)), layout.blocked(source)];
  const [weight, mean, inverse] = [2, 3, 4].map((i) => layout.plain(node.input(i))) as [Value, Value, Value];
  const n = g.scalar(elements(x));
  const meanGrad = channelMean(g, dY, block);
  const dBias = mul(g, meanGrad, n);
  const dScale = mul(g, inverse, sub(g, channelDots(g, dY, x, block), mul(g, mean, dBias)));
  const a = mul(g, weight, inverse);
  const b = neg(g, mul(g, mul(g, a, inverse), div(g, dScale, n)));
  const c = neg(g, add(g, mul(g, a, meanGrad), mul(g, b, mean)));
  const dX = affine(g, dY, a, null, { sum: affine(g, x, b, c) });
  return [{ blocked: dX }, { plain: dScale }, { plain: dBias }];
};

/** Numbers that are added one after another: more are faster, fewer keep more digits. */
const RUN = 128;

/** Mean over images and positions [C]: blocked global average pooling of some rows at a time, then over rows and images. */
function channelMean(g: Graph, x: Blocked, block: number): Value {
  return overRuns(g, 'ReduceMean', blockedGlobalAverage(g, asRuns(g, x)), x, block);
}

/**
 * sum(a * b) over images and positions [C]: a depthwise convolution that takes some rows of every image's channel for one
 * of its own and all of b for the kernels, then over rows and images. It reads memory once and writes next to nothing.
 */
function channelDots(g: Graph, a: Blocked, b: Blocked, block: number): Value {
  const image = asRuns(g, a);
  const [, group, rows, width] = image.shape as readonly [number, number, number, number];
  const kernels = reshape(g, asRuns(g, b), [group, 1, rows, width]);
  return overRuns(g, 'ReduceSum', blockedConv(g, [image, kernels], { kernel_shape: [rows, width], group }), a, block);
}

/** A blocked tensor [N, C, H, W] with every few rows as channels of their own: [1, N C R, H / R, W]. */
function asRuns(g: Graph, x: Blocked): Blocked {
  const [images, channels, height, width] = x.shape as readonly [number, number, number, number];
  const rows = largestDivisor(height, RUN / width);
  return reshape(g, x, [1, (images * channels * height) / rows, rows, width]);
}

/** Reduces what {@link asRuns} made of x, one number a run, to one number a channel. */
function overRuns(g: Graph, op: 'ReduceMean' | 'ReduceSum', numbers: Blocked, x: Blocked, block: number): Value {
  const [images, channels] = x.shape as readonly [number, number];
  const byRun = reshape(g, numbers, [images, channels / block, -1, block]);
  return reshape(g, g.op(op, [byRun, g.integers([0, 2])], { keepdims: 0 }), [channels]);
}

/** The largest divisor of n up to a limit, at least 1. */
function largestDivisor(n: number, limit: number): number {
  let divisor = Math.max(1, Math.min(n, Math.floor(limit)));
  while (n % divisor !== 0) divisor--;
  return divisor;
}

function elements(x: Value): number {
  const [n, , h, w] = x.shape as readonly number[];
  return Number(n) * Number(h) * Number(w);
}
