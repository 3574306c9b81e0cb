import { reshape, transpose } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node.js';
import { at, type Geometry } from '../geometry.js';
import { type Blocked, blockedConv, fromBlocked } from './blocked.js';

/**
 * The weight gradient [C, 1, kh, kw] of a depthwise convolution as one blocked depthwise convolution over all images
 * stacked on top of each other: X as one image [1, C, N Hp, W], dY as its kernel [N Hp / s, Wo], dilated by the stride s. Zero
 * rows keep the images apart. Undefined where the geometry doesn't allow it.
 */
export function stackedWeightGrad(
  g: Graph,
  geometry: Geometry,
  x: Blocked,
  dY: Blocked,
  block: number,
): Value | undefined {
  const { kernel, strides, dilations, begin } = geometry;
  const [images, channels, height, width] = x.shape as readonly [number, number, number, number];
  const [rows, columns] = [at(dY.shape, 2), at(dY.shape, 3)];
  const [kh, kw, stride] = [at(kernel, 0), at(kernel, 1), at(strides, 0)];
  const [top, left] = [at(begin, 0), at(begin, 1)];
  const right = kw + (columns - 1) * stride - width - left;
  const plain = dilations.every((dilation) => dilation === 1) && at(strides, 1) === stride && kh >= stride;
  if (!plain || right < 0) return undefined;
  const stacked = Math.ceil(Math.max(height + top, (rows - 1) * stride + kh) / stride) * stride;
  const stack = (value: Value, above: number, total: number) => {
    const [n, , h, w] = value.shape as readonly [number, number, number, number];
    const moved = transpose(g, reshape(g, value, [n, channels / block, h, w * block]), [1, 0, 2, 3]);
    return g.op('Pad', [moved, g.integers([above, total - h - above]), null, g.integers([2])]);
  };
  const image = reshape(g, stack(x, top, stacked), [1, channels, images * stacked, width]);
  const weights = reshape(g, stack(dY, 0, stacked / stride), [channels, 1, (images * stacked) / stride, columns]);
  const taps = blockedConv(g, [image, weights], {
    kernel_shape: [(images * stacked) / stride, columns],
    dilations: [stride, stride],
    pads: [0, left, kh - stride, right],
    group: channels,
  });
  return reshape(g, fromBlocked(g, taps), [channels, 1, kh, kw]);
}
