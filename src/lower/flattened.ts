import { reduceSum, reshape, transpose } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node.js';
import { at, endPad, type Geometry, reach } from './geometry.js';

/**
 * The weight gradient [K, C, kh, kw] of a 2-D convolution as one convolution. With X as [1, N, H, W C] and dY as the kernel
 * [K, N, Ho, Wo], dilated by the strides (the width's times C), the output is [1, K, kh, kw C]: flattening width and
 * channels together makes the taps of a row contiguous.
 *
 * @param x - [N, H, W, C].
 * @param dY - [K, N, Ho, Wo].
 */
export function flattenedWeightGrad(g: Graph, geometry: Geometry, x: Value, dY: Value): Value {
  return weightsOf(g, geometry, convolveFlattened(g, geometry, x, dY, 1), at(dY.shape, 0), at(x.shape, 3));
}

/**
 * The same with every image a group of its own, whose results are added up: no image of dY moves, and what a product works
 * on is small, but each writes a whole gradient.
 *
 * @param x - [N, H, W, C].
 * @param dY - [N, K, Ho, Wo].
 */
export function imagewiseWeightGrad(g: Graph, geometry: Geometry, x: Value, dY: Value): Value {
  const [images, outputs, rows, columns] = dY.shape as readonly [number, number, number, number];
  const kernels = reshape(g, dY, [images * outputs, 1, rows, columns]);
  const taps = convolveFlattened(g, geometry, x, kernels, images);
  const [kh, width] = [at(taps.shape, 2), at(taps.shape, 3)];
  const summed = reduceSum(g, reshape(g, taps, [images, outputs * kh * width]), [0]);
  return weightsOf(g, geometry, reshape(g, summed, [1, outputs, kh, width]), outputs, at(x.shape, 3));
}

/** X [N, H, W, C] under the kernels [outputs, N / group, Ho, Wo]: [1, outputs, kh, columns C]. */
function convolveFlattened(g: Graph, geometry: Geometry, x: Value, kernels: Value, group: number): Value {
  const { strides, dilations, begin } = geometry;
  const [height, width, channels] = [at(x.shape, 1), at(x.shape, 2), at(x.shape, 3)];
  const [endH, endW] = [endPad(geometry, kernels, height, 0), endPad(geometry, kernels, width, 1)];
  const used = dropTail(g, dropTail(g, x, 1, endH), 2, endW);
  const image = reshape(g, used, [1, -1, height + Math.min(0, endH), (width + Math.min(0, endW)) * channels]);
  return g.op('Conv', [image, kernels], {
    kernel_shape: [at(kernels.shape, 2), at(kernels.shape, 3)],
    strides: [at(dilations, 0), 1],
    dilations: [at(strides, 0), at(strides, 1) * channels],
    pads: [at(begin, 0), at(begin, 1) * channels, Math.max(0, endH), Math.max(0, endW) * channels],
    group,
  });
}

/** [1, K, kh, columns C] as [K, C, kh, kw]. */
function weightsOf(g: Graph, geometry: Geometry, taps: Value, outputs: number, channels: number): Value {
  const { kernel, dilations } = geometry;
  const split = reshape(g, taps, [outputs, at(kernel, 0), reach(geometry, 1) + 1, channels]);
  return transpose(g, everyNth(g, split, 2, at(dilations, 1)), [0, 3, 1, 2]);
}

/** Leaves out what is past the last window, where the end padding is negative. */
export function dropTail(g: Graph, x: Value, axis: number, end: number): Value {
  if (end >= 0) return x;
  return g.op('Slice', [x, g.integers([0]), g.integers([at(x.shape, axis) + end]), g.integers([axis])]);
}

function everyNth(g: Graph, x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  return g.op('Slice', [x, g.integers([0]), g.integers([at(x.shape, axis)]), g.integers([axis]), g.integers([step])]);
}
