import { reshape, transpose } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import { inversePermutation } from '../../graph/node/axes.js';
import type { Value } from '../../graph/node/node.js';
import { sizeOf, spatialSizes } from '../../graph/node/sizes.js';
import { take } from '../../util/checked.js';
import { dropTail, flattenedWeightGrad } from '../flattened.js';
import { endPad, type Geometry, geometryOf, inputGradPads } from '../geometry.js';
import type { Body } from '../target.js';
import { transposedInputGrad } from '../transposed.js';
import { swapAndReverse } from '../weights.js';

/**
 * dX. With stride 1 a convolution of dY with W, its channels swapped and its kernel reversed; else, or where that would
 * need negative padding, ConvTranspose.
 */
export const ConvInputGrad: Body = (g, node, inputs) => {
  const [dY, w] = take(inputs, 2);
  const geometry = geometryOf(node);
  const pads = inputGradPads(geometry);
  const direct = geometry.strides.every((stride) => stride === 1) && pads.every((pad) => pad >= 0);
  if (!direct) return [transposedInputGrad(g, geometry, node.numbers('input_size'), dY, w)];
  const { kernel, dilations, group } = geometry;
  return [g.op('Conv', [dY, swapAndReverse(g, w, group)], { kernel_shape: kernel, dilations, pads, group })];
};

/** dW. One convolution with X as the image and dY as the kernel: of flattened rows in 2-D, else over swapped axes. */
export const ConvWeightGrad: Body = (g, node, inputs) => {
  const [x, dY] = take(inputs, 2);
  const geometry = geometryOf(node);
  const flat = geometry.kernel.length === 2 && geometry.group === 1;
  if (!flat) return [swappedWeightGrad(g, geometry, x, dY)];
  const rows = transpose(g, x, [0, 2, 3, 1]);
  const taps = flattenedWeightGrad(g, geometry, rows, transpose(g, dY, [1, 0, 2, 3]));
  return [transpose(g, taps, [0, 3, 1, 2])];
};

/** With X as [C/G, G N, ...] and dY as the kernel [K, N, ...], in G groups, the output is [C/G, K, k...]. */
function swappedWeightGrad(g: Graph, geometry: Geometry, x: Value, dY: Value): Value {
  const { kernel, strides, dilations, begin, group } = geometry;
  const ends = kernel.map((_, i) => endPad(geometry, dY, sizeOf(x, i + 2), i));
  const used = ends.reduce((value, end, i) => dropTail(g, value, i + 2, end), x);
  const spatial = spatialSizes(used);
  const swap = [1, 0, ...kernel.map((_, i) => i + 2)];
  const grouped = () => {
    const split = g.op('Reshape', [used, g.integers([0, group, sizeOf(x, 1) / group, ...spatial])]);
    const moved = transpose(g, split, [2, 1, 0, ...kernel.map((_, i) => i + 3)]);
    return reshape(g, moved, [sizeOf(x, 1) / group, -1, ...spatial]);
  };
  const image = group === 1 ? transpose(g, used, swap) : grouped();
  const taps = g.op('Conv', [image, transpose(g, dY, swap)], {
    kernel_shape: spatialSizes(dY),
    strides: dilations,
    dilations: strides,
    pads: [...begin, ...ends.map((end) => Math.max(0, end))],
    group,
  });
  return transpose(g, taps, inversePermutation(swap));
}
