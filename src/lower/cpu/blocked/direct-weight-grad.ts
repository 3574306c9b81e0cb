import { reshape, transpose } from '../../../graph/arithmetic.js';
import type { Graph } from '../../../graph/graph.js';
import { NCHWC, type Value } from '../../../graph/node/node.js';
import { knownSizes, sizeOf, sizesOf } from '../../../graph/node/sizes.js';
import { elementCount } from '../../../onnx/tensor.js';
import { at } from '../../../util/checked.js';
import { dropTail, splitTaps } from '../../flattened.js';
import { endPad, type Geometry, reach } from '../../geometry.js';
import { type Blocked, blockedConv, channelsLast, fromBlocked, perChannel, sumRows } from './blocked.js';

/**
 * dW [K, kh, kw, C] with dY's own bytes as the kernels. ONNX Runtime's blocked convolution takes images of fewer channels than
 * a block as they are, and their weights [K, c, h, w] as the bytes [K/b, c, h, w, b]; so blocked dY [N, K, Ho, Wo] is the weights
 * of N groups of one channel. As in the flattened form, the image is X with width and channels as one axis, and the output
 * [1, N K, kh, kw C] has a row's taps side by side; the groups are then added up. Nothing is gathered, and dY doesn't move.
 *
 * @param x - [N, H, W, C], with zeros beside each row as far as the padding reaches: see {@link rowsForKernels}.
 * @param images - How many images a group adds up by itself: fewer results to write, but dY's blocks have to be moved.
 */
export function directWeightGrad(
  g: Graph,
  geometry: Geometry,
  x: Value,
  dY: Blocked,
  { block, images }: { readonly block: number; readonly images: number },
): Value {
  const { strides, dilations, begin } = geometry;
  const [count, outputs, rows, columns] = sizesOf(dY, 4);
  const channels = sizeOf(x, 3);
  const end = endPad(geometry, dY, sizeOf(x, 1), 0);
  const used = dropTail(g, x, 1, end);
  const image = reshape(g, used, [1, count, sizeOf(used, 1), sizeOf(used, 2) * channels]);
  const groups = count / images;
  const kernels = reshape(g, gather(g, dY, images, block), [groups * outputs, images, rows, columns]);
  const attributes = {
    kernel_shape: [rows, columns],
    strides: [at(dilations, 0), 1],
    dilations: [at(strides, 0), at(strides, 1) * channels],
    pads: [at(begin, 0), 0, Math.max(0, end), 0],
    group: groups,
  };
  const taps = g.op('Conv', [image, kernels], attributes, { domain: NCHWC });
  const [kh, width] = [sizeOf(taps, 2), sizeOf(taps, 3)];
  const summed = sumRows(g, reshape(g, taps, [groups, outputs * kh * width]));
  return splitTaps(g, geometry, fromBlocked(g, reshape(g, summed, [1, outputs, kh, width])), channels);
}

/**
 * How many images a group takes: the fewest for which the groups' results are no larger than the operands. Undefined where
 * the form does not apply: the batch is no whole number of blocks, or the weights are too large beside the images.
 */
export function imagesPerGroup(geometry: Geometry, x: Value, dY: Value, block: number): number | undefined {
  const [count, channels] = sizesOf(x, 2);
  if (count >= block && count % block !== 0) return undefined;
  const outputs = sizeOf(dY, 1);
  const weights = outputs * channels * at(geometry.kernel, 0) * (reach(geometry, 1) + 1);
  const operands = elementCount(knownSizes(x)) + elementCount(knownSizes(dY));
  const possible = [1, 2, 4, 8].filter((images) => {
    return images < block && count % images === 0 && (count / images) * weights <= operands;
  });
  // One block of outputs needs no moving
  return outputs === block ? possible.at(-1) : possible[0];
}

/** Blocked X as the rows [N, H, W + padding, C] that the kernels of dY pass over. */
export function rowsForKernels(g: Graph, geometry: Geometry, x: Blocked, dY: Value, block: number): Value {
  const [before, end] = [at(geometry.begin, 1), endPad(geometry, dY, sizeOf(x, 3), 1)];
  const padded = before === 0 && end <= 0 ? x : padRows(g, x, before, Math.max(0, end));
  return dropTail(g, channelsLast(g, padded, block), 2, end);
}

/** The same from X [N, C, H, W] of few channels. */
export function rowsOfImage(g: Graph, geometry: Geometry, x: Value, dY: Value): Value {
  const [before, end] = [at(geometry.begin, 1), endPad(geometry, dY, sizeOf(x, 3), 1)];
  const rows = dropTail(g, transpose(g, x, [0, 2, 3, 1]), 2, end);
  if (before === 0 && end <= 0) return rows;
  return g.op('Pad', [rows, g.integers([before, Math.max(0, end)]), null, g.integers([2])]);
}

/** Zeros beside each row, by a depthwise convolution that changes nothing: ONNX Runtime's Pad uses one thread. */
function padRows(g: Graph, x: Blocked, before: number, after: number): Blocked {
  const channels = sizeOf(x, 1);
  const ones = reshape(g, perChannel(g, channels, 1), [channels, 1, 1, 1]);
  return blockedConv(g, [x, ones], { kernel_shape: [1, 1], pads: [0, before, 0, after], group: channels });
}

/** The bytes [N, K/b, ...] as [N / images, K/b, images, ...]. */
function gather(g: Graph, dY: Blocked, images: number, block: number): Value {
  const [count, outputs] = sizesOf(dY, 2);
  if (images === 1 || outputs === block) return dY;
  return transpose(g, reshape(g, dY, [count / images, images, outputs / block, -1]), [0, 2, 1, 3]);
}
