import { add, mul, neg, reshape, scale, sub } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import type { Value } from '../../../graph/node/node.js';
import { sizeOf, sizesOf } from '../../../graph/node/sizes.js';
import { mapTuple } from '../../../util/checked.js';
import { affine, type Blocked, blockedConv, blockedGlobalAverage, type Extras } from '../blocked/blocked.js';
import type { LayoutRule, Scaled } from '../blocked/layout.js';
import { cropTo } from '../blocked/ragged.js';

/** Statistics of shifted values, in two passes over memory and no copy; the normalisation is put off, to be merged with what follows. */
export const BatchNormTraining: LayoutRule = (node, layout) => {
  const source = node.input(0);
  if (!layout.isBlocked(source)) return undefined;
  const { g, block } = layout;
  const { blocked: x, offset } = layout.shifted(source);
  const [weight, bias] = [layout.plain(node.input(1)), layout.plain(node.input(2))];
  const own = [sizeOf(source, 1)];
  const mean = cropTo(g, channelMean(g, x, block), own);
  const power = scale(g, cropTo(g, channelDots(g, x, x, block), own), 1 / elements(x));
  const variance = g.op('Relu', [sub(g, power, mul(g, mean, mean))]);
  const inverse = g.op('Reciprocal', [g.op('Sqrt', [add(g, variance, g.scalar(node.number('epsilon', 1e-5)))])]);
  const gain = mul(g, weight, inverse);
  const shift = sub(g, bias, mul(g, mean, gain));
  const pending = { build: (extras: Extras) => affine(g, x, gain, shift, extras) };
  return [{ pending }, { plain: add(g, mean, cropTo(g, offset, own)) }, { plain: variance }, { plain: inverse }];
};

// With r the inverse deviation: dBias = sum dY, dScale = r (sum dY X - mean dBias), q = r dScale / n, and
// dX = scale r (dY - dBias / n - q (X - mean))
export const BatchNormTrainingGrad: LayoutRule = (node, layout) => {
  const source = node.input(1);
  if (!layout.isBlocked(source)) return undefined;
  const { g, block } = layout;
  const dY = layout.blocked(node.input(0));
  const { blocked: x, offset } = layout.shifted(source);
  const [weight, wholeMean, inverse] = mapTuple([2, 3, 4], (i) => layout.plain(node.input(i)));
  const n = elements(x);
  const own = [sizeOf(source, 1)];
  const mean = sub(g, wholeMean, cropTo(g, offset, own));
  const meanGrad = cropTo(g, channelMean(g, dY, block), own);
  const dots = cropTo(g, channelDots(g, dY, x, block), own);
  const dScale = mul(g, inverse, sub(g, dots, mul(g, mean, scale(g, meanGrad, n))));
  const q = scale(g, mul(g, inverse, dScale), 1 / n);
  const gain = mul(g, weight, inverse);
  const sums = [{ plain: dScale }, { plain: scale(g, meanGrad, n) }];
  if (layout.onlyFeeds(node.output(0), { ConvInputGrad: 0, ConvWeightGrad: 1 })) {
    return [{ scaled: overSlope(g, [dY, x], { mean, meanGrad, q, gain }) }, ...sums];
  }
  const slope = neg(g, mul(g, gain, q));
  const shift = neg(g, add(g, mul(g, gain, meanGrad), mul(g, slope, mean)));
  return [{ blocked: affine(g, dY, gain, null, { sum: affine(g, x, slope, shift) }) }, ...sums];
};

interface Slopes {
  readonly mean: Value;
  readonly meanGrad: Value;
  readonly q: Value;
  readonly gain: Value;
}

/** Nearer to zero than this, q is as good as zero, but can't be divided by. */
const SMALLEST_SLOPE = 1e-20;

/**
 * dX in one pass less: as -scale r q times X - mean - (dY - dBias / n) / q, whose X is a convolution's sum. Each channel has one term that
 * outweighs the others' rounding in both forms alike.
 */
function overSlope(g: Graph, [dY, x]: readonly [Blocked, Blocked], { mean, meanGrad, q, gain }: Slopes): Scaled {
  const tiny = g.scalar(SMALLEST_SLOPE);
  const slope = g.op('Where', [g.op('Less', [g.op('Abs', [q]), tiny]), tiny, q]);
  const ratio = g.op('Reciprocal', [slope]);
  const shift = sub(g, mul(g, meanGrad, ratio), mean);
  return { blocked: affine(g, dY, neg(g, ratio), shift, { sum: x }), factor: neg(g, mul(g, gain, slope)) };
}

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
  const [, group, rows, width] = sizesOf(image, 4);
  const kernels = reshape(g, asRuns(g, b), [group, 1, rows, width]);
  return overRuns(g, 'ReduceSum', blockedConv(g, [image, kernels], { kernel_shape: [rows, width], group }), a, block);
}

/** A blocked tensor [N, C, H, W] with every few rows as channels of their own: [1, N C R, H / R, W]. */
function asRuns(g: Graph, x: Blocked): Blocked {
  const [images, channels, height, width] = sizesOf(x, 4);
  const rows = largestDivisor(height, RUN / width);
  return reshape(g, x, [1, (images * channels * height) / rows, rows, width]);
}

/** Reduces what {@link asRuns} made of x, one number a run, to one number a channel. */
function overRuns(g: Graph, op: 'ReduceMean' | 'ReduceSum', numbers: Blocked, x: Blocked, block: number): Value {
  const [images, channels] = sizesOf(x, 2);
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
  const [n, , h, w] = sizesOf(x, 4);
  return n * h * w;
}
