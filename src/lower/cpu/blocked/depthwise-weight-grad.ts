import { reshape } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import type { Value } from '../../../graph/node/node.js';
import { sizeOf, sizesOf } from '../../../graph/node/sizes.js';
import { at } from '../../../util/checked.js';
import { endPad, type Geometry } from '../../geometry.js';
import { type Blocked, blockedConv, fromBlocked, sumRows } from './blocked.js';

/**
 * The weight gradient [C, 1, kh, kw] of a depthwise convolution as one blocked depthwise convolution that takes every
 * image's channel for one of its own: X as one image [1, N C, H, W], dY as its kernels [N C, 1, Ho, Wo], dilated by the
 * strides; then over the images. Undefined where the last window ends before X does.
 */
export function depthwiseWeightGrad(g: Graph, geometry: Geometry, x: Blocked, dY: Blocked): Value | undefined {
  const { kernel, strides, dilations, begin } = geometry;
  const [images, channels, height, width] = sizesOf(x, 4);
  const end = [height, width].map((size, axis) => endPad(geometry, dY, size, axis));
  if (end.some((pad) => pad < 0)) return undefined;
  const window = [sizeOf(dY, 2), sizeOf(dY, 3)];
  const image = reshape(g, x, [1, images * channels, height, width]);
  const kernels = reshape(g, dY, [images * channels, 1, ...window]);
  const attributes = { kernel_shape: window, dilations: strides, strides: dilations, pads: [...begin, ...end] };
  const taps = blockedConv(g, [image, kernels], { ...attributes, group: images * channels });
  const [kh, kw] = [at(kernel, 0), at(kernel, 1)];
  const summed = sumRows(g, reshape(g, taps, [images, channels * kh * kw]));
  return reshape(g, fromBlocked(g, reshape(g, summed, [1, channels, kh, kw])), [channels, 1, kh, kw]);
}
