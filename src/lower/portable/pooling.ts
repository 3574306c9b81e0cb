import { indicator, mul, reshape, sub } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import { range } from '../../graph/node/axes.js';
import type { Node, Value } from '../../graph/node/node.js';
import { spatialSizes } from '../../graph/node/sizes.js';
import { type Window, windowOf } from '../../graph/node/window.js';
import { tensor } from '../../onnx/tensor.js';
import { take } from '../../util/checked.js';
import type { Body } from '../target.js';

const LOWEST = -3.4028234663852886e38;

/**
 * dX of MaxPool: for every tap of the kernel, the positions where that tap is the first to equal the maximum; their
 * gradients are put back where they came from by one ConvTranspose with one-hot kernels.
 */
export const MaxPoolGrad: Body = (g, node, inputs) => {
  const [dY, x, y] = take(inputs, 3);
  const window = windowOfPool(node, spatialSizes(x), spatialSizes(y));
  const spatial = range(window.kernel.length);
  const padded = g.op('Pad', [
    x,
    g.integers([...window.begin, ...window.cover]),
    g.scalar(LOWEST),
    g.integers(spatial.map((i) => i + 2)),
  ]);
  const taps = tapsOf(window.kernel);
  let free: Value | undefined;
  const shares = taps.map((tap) => {
    const matches = indicator(g, g.op('Equal', [sliceTap(g, padded, tap, window), y]));
    const chosen = free ? mul(g, matches, free) : matches;
    free = sub(g, free ?? g.scalar(1), chosen);
    return g.op('Unsqueeze', [mul(g, dY, chosen), g.integers([2])]);
  });
  const channels = Number(x.shape[1]);
  const stacked = reshape(g, g.op('Concat', shares, { axis: 2 }), [-1, channels * taps.length, ...window.output]);
  const kernels = g.constant(oneHotKernels(channels, window.kernel));
  return [scatterWindows(g, stacked, kernels, window, channels)];
};

/** dX of AveragePool: dY over the number of averaged positions, spread over each window. */
export const AveragePoolGrad: Body = (g, node, inputs) => {
  const [dY] = take(inputs, 1);
  const sizes = node.numbers('input_size');
  const window = windowOfPool(node, sizes, spatialSizes(dY));
  const channels = Number(dY.shape[1]);
  const counts = tensor('float32', [1, 1, ...window.output], inverseCounts(node, window, sizes));
  const ones = new Float32Array(channels * window.kernel.reduce((n, k) => n * k, 1)).fill(1);
  const kernels = g.constant(tensor('float32', [channels, 1, ...window.kernel], ones));
  return [scatterWindows(g, mul(g, dY, g.constant(counts)), kernels, window, channels)];
};

interface PoolWindow extends Window {
  readonly output: readonly number[];
  /** Padding after each axis that all windows together need: negative where they leave a tail. */
  readonly cover: readonly number[];
}

function windowOfPool(node: Node, sizes: readonly number[], output: readonly number[]): PoolWindow {
  const window = windowOf(node, node.input(0), node.numbers('kernel_shape'));
  const { kernel, strides, dilations, begin } = window;
  const cover = kernel.map((k, i) => {
    const span = pick(dilations, i) * (k - 1) + 1;
    return (pick(output, i) - 1) * pick(strides, i) + span - pick(sizes, i) - pick(begin, i);
  });
  return { ...window, output, cover };
}

/** All taps of a kernel in row-major order. */
function tapsOf(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>((taps, size) => taps.flatMap((tap) => range(size).map((i) => [...tap, i])), [[]]);
}

/** What one tap sees in every window: [N, C, output...]. */
function sliceTap(g: Graph, padded: Value, tap: readonly number[], { strides, dilations, output }: PoolWindow): Value {
  const starts = tap.map((t, i) => t * pick(dilations, i));
  const ends = starts.map((start, i) => start + (pick(output, i) - 1) * pick(strides, i) + 1);
  const axes = tap.map((_, i) => i + 2);
  return g.op('Slice', [padded, g.integers(starts), g.integers(ends), g.integers(axes), g.integers(strides)]);
}

/** Adds windows back into an image: ConvTranspose with one group a channel. A tail no window reaches gets zeros. */
function scatterWindows(g: Graph, x: Value, kernels: Value, window: PoolWindow, group: number): Value {
  const { strides, dilations, begin, cover } = window;
  const pads = [...begin, ...cover.map((pad) => Math.max(0, pad))];
  const image = g.op('ConvTranspose', [x, kernels], { kernel_shape: window.kernel, strides, dilations, pads, group });
  const tail = cover.map((pad) => Math.max(0, -pad));
  if (tail.every((pad) => pad === 0)) return image;
  return g.op('Pad', [image, g.integers([...tail.map(() => 0), ...tail]), null, g.integers(tail.map((_, i) => i + 2))]);
}

/** [C * taps, 1, kernel...]: the kernel of a channel's i-th plane has a one at the i-th tap. */
function oneHotKernels(channels: number, kernel: readonly number[]) {
  const taps = kernel.reduce((n, k) => n * k, 1);
  const data = new Float32Array(channels * taps * taps);
  for (let i = 0; i < channels * taps; i++) data[i * taps + (i % taps)] = 1;
  return tensor('float32', [channels * taps, 1, ...kernel], data);
}

/** 1 / (number of averaged positions) of every window, over the output's spatial axes. */
function inverseCounts(node: Node, window: PoolWindow, sizes: readonly number[]): Float32Array {
  const padded = node.number('count_include_pad', 0) === 1;
  const perAxis = window.kernel.map((k, i) => {
    const [low, high] = padded ? [-pick(window.begin, i), pick(sizes, i) + pick(window.end, i)] : [0, pick(sizes, i)];
    return range(pick(window.output, i)).map((o) => {
      const start = o * pick(window.strides, i) - pick(window.begin, i);
      const inside = range(k).filter(
        (t) => start + t * pick(window.dilations, i) >= low && start + t * pick(window.dilations, i) < high,
      );
      return inside.length;
    });
  });
  const counts = perAxis.reduce<number[]>((all, axis) => all.flatMap((n) => axis.map((m) => n * m)), [1]);
  return Float32Array.from(counts, (count) => 1 / count);
}

function pick(list: readonly number[], i: number): number {
  return list[i] as number;
}
