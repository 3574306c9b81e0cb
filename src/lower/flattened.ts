import { reshape } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { sizeOf } from '../graph/node/sizes.js';
import { at } from '../util/checked.js';
import { endPad, type Geometry, reach } from './geometry.js';

/**
 * The weight gradient [K, kh, kw, C] of a 2-D convolution as one convolution. With X as [1, N, H, W C] and dY as the kernel
 * [K, N, Ho, Wo], dilated by the strides (the width's times C), the output is [1, K, kh, kw C]: flattening width and
 * channels together makes the taps of a row contiguous.
 *
 * @param x - [N, H, W, C].
 * @param dY - [K, N, Ho, Wo].
 */
export function flattenedWeightGrad(g: Graph, geometry: Geometry, x: Value, dY: Value): Value {
  const { strides, dilations, begin } = geometry;
  const [height, width, channels] = [sizeOf(x, 1), sizeOf(x, 2), sizeOf(x, 3)];
  const [endH, endW] = [endPad(geometry, dY, height, 0), endPad(geometry, dY, width, 1)];
  const used = dropTail(g, dropTail(g, x, 1, endH), 2, endW);
  const image = reshape(g, used, [1, -1, height + Math.min(0, endH), (width + Math.min(0, endW)) * channels]);
  const taps = g.op('Conv', [image, dY], {
    kernel_shape: [sizeOf(dY, 2), sizeOf(dY, 3)],
    strides: [at(dilations, 0), 1],
    dilations: [at(strides, 0), at(strides, 1) * channels],
    pads: [at(begin, 0), at(begin, 1) * channels, Math.max(0, endH), Math.max(0, endW) * channels],
  });
  return splitTaps(g, geometry, taps, channels);
}

/** [1, K, kh, columns C] as [K, kh, kw, C]. */
export function splitTaps(g: Graph, geometry: Geometry, taps: Value, channels: number): Value {
  const { kernel, dilations } = geometry;
  const split = reshape(g, taps, [sizeOf(taps, 1), at(kernel, 0), reach(geometry, 1) + 1, channels]);
  return everyNth(g, split, 2, at(dilations, 1));
}

/** Leaves out what is past the last window, where the end padding is negative. */
export function dropTail(g: Graph, x: Value, axis: number, end: number): Value {
  if (end >= 0) return x;
  return g.op('Slice', [x, g.integers([0]), g.integers([sizeOf(x, axis) + end]), g.integers([axis])]);
}

function everyNth(g: Graph, x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  return g.op('Slice', [x, g.integers([0]), g.integers([sizeOf(x, axis)]), g.integers([axis]), g.integers([step])]);
}
