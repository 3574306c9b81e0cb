import { inversePermutation, range } from '../../graph/axes.js';
import { reshape, transpose } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/node.js';
import type { Body } from '../target.js';

/** A convolution's geometry, read off a semantic gradient node. */
interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly group: number;
}

/**
 * dX. With stride 1 a convolution of dY with W, its channels swapped and its kernel reversed; else, or where that would
 * need negative padding, ConvTranspose.
 */
export const ConvInputGrad: Body = (g, node, [dY, w]) => {
  const geometry = geometryOf(node);
  const pads = [geometry.begin, geometry.end].map((side) => side.map((pad, i) => reach(geometry, i) - pad)).flat();
  const direct = geometry.strides.every((stride) => stride === 1) && pads.every((pad) => pad >= 0);
  if (!direct) return [transposedConvolution(g, node, geometry, dY as Value, w as Value)];
  const { kernel, dilations, group } = geometry;
  return [g.op('Conv', [dY as Value, swapAndReverse(g, w as Value, group)], { kernel_shape: kernel, dilations, pads, group })];
};

/** dW. One convolution with X as the image and dY as the kernel: of flattened rows in 2-D, else over swapped axes. */
export const ConvWeightGrad: Body = (g, node, [x, dY]) => {
  const geometry = geometryOf(node);
  const flat = geometry.kernel.length === 2 && geometry.group === 1;
  return [(flat ? flattenedWeightGrad : swappedWeightGrad)(g, geometry, x as Value, dY as Value)];
};

function transposedConvolution(g: Graph, node: Node, geometry: Geometry, dY: Value, w: Value): Value {
  const { kernel, strides, dilations, begin, end, group } = geometry;
  const sizes = node.numbers('input_size');
  const extra = sizes.map((size, i) => {
    const made = (at(dY.shape, i + 2) - 1) * at(strides, i) + reach(geometry, i) + 1 - at(begin, i) - at(end, i);
    return size - made;
  });
  const attributes = { kernel_shape: kernel, strides, dilations, group, pads: [...begin, ...end], output_padding: extra };
  return g.op('ConvTranspose', [dY, w], attributes);
}

/** W [K, C/G, k...] -> [C, K/G, reversed k...]. */
function swapAndReverse(g: Graph, w: Value, group: number): Value {
  const [k, c, ...kernel] = w.shape as readonly number[];
  const [outputs, inputs] = [k ?? 1, c ?? 1];
  const swapped = () => {
    if (group === 1) return transpose(g, w, [1, 0, ...kernel.map((_, i) => i + 2)]);
    if (inputs === 1 && outputs === group) return w;
    const split = reshape(g, w, [group, outputs / group, inputs, ...kernel]);
    const moved = transpose(g, split, [0, 2, 1, ...kernel.map((_, i) => i + 3)]);
    return reshape(g, moved, [group * inputs, outputs / group, ...kernel]);
  };
  const axes = kernel.flatMap((size, i) => (size > 1 ? [i + 2] : []));
  if (axes.length === 0) return swapped();
  const each = (value: number) => g.integers(axes.map(() => value));
  return g.op('Slice', [swapped(), each(-1), each(-(2 ** 31)), g.integers(axes), each(-1)]);
}

/**
 * With X as [1, N, H, W C] and dY as the kernel [K, N, Ho, Wo], dilated by the strides (the width's times C), the output
 * is [1, K, kh, kw C]: flattening width and channels together makes the taps of a row contiguous.
 */
function flattenedWeightGrad(g: Graph, geometry: Geometry, x: Value, dY: Value): Value {
  const { kernel, strides, dilations, begin } = geometry;
  const [channels, height, width] = [at(x.shape, 1), at(x.shape, 2), at(x.shape, 3)];
  const outputs = at(dY.shape, 1);
  const columns = reach(geometry, 1) + 1;
  const [endH, endW] = [endPad(geometry, dY, height, 0), endPad(geometry, dY, width, 1)];
  const used = dropTail(g, dropTail(g, x, 2, endH), 3, endW);
  const rows = transpose(g, used, [0, 2, 3, 1]);
  const image = reshape(g, rows, [1, -1, height + Math.min(0, endH), (width + Math.min(0, endW)) * channels]);
  const taps = g.op('Conv', [image, transpose(g, dY, [1, 0, 2, 3])], {
    kernel_shape: [at(dY.shape, 2), at(dY.shape, 3)],
    strides: [at(dilations, 0), 1],
    dilations: [at(strides, 0), at(strides, 1) * channels],
    pads: [at(begin, 0), at(begin, 1) * channels, Math.max(0, endH), Math.max(0, endW) * channels],
  });
  const split = reshape(g, taps, [outputs, at(kernel, 0), columns, channels]);
  return transpose(g, everyNth(g, split, 2, at(dilations, 1)), [0, 3, 1, 2]);
}

/** With X as [C/G, G N, ...] and dY as the kernel [K, N, ...], in G groups, the output is [C/G, K, k...]. */
function swappedWeightGrad(g: Graph, geometry: Geometry, x: Value, dY: Value): Value {
  const { kernel, strides, dilations, begin, group } = geometry;
  const ends = kernel.map((_, i) => endPad(geometry, dY, at(x.shape, i + 2), i));
  const used = ends.reduce((value, end, i) => dropTail(g, value, i + 2, end), x);
  const spatial = used.shape.slice(2) as number[];
  const swap = [1, 0, ...kernel.map((_, i) => i + 2)];
  const grouped = () => {
    const split = g.op('Reshape', [used, g.integers([0, group, at(x.shape, 1) / group, ...spatial])]);
    const moved = transpose(g, split, [2, 1, 0, ...kernel.map((_, i) => i + 3)]);
    return reshape(g, moved, [at(x.shape, 1) / group, -1, ...spatial]);
  };
  const image = group === 1 ? transpose(g, used, swap) : grouped();
  const taps = g.op('Conv', [image, transpose(g, dY, swap)], {
    kernel_shape: dY.shape.slice(2) as number[],
    strides: dilations,
    dilations: strides,
    pads: [...begin, ...ends.map((end) => Math.max(0, end))],
    group,
  });
  return transpose(g, taps, inversePermutation(swap));
}

/** Padding after an axis so that dY, laid over X as a kernel, takes just the weights' positions; negative: X has a tail. */
function endPad(geometry: Geometry, dY: Value, size: number, axis: number): number {
  const span = (at(dY.shape, axis + 2) - 1) * at(geometry.strides, axis) + 1;
  return reach(geometry, axis) + span - size - at(geometry.begin, axis);
}

/** Distance between a kernel's first and last tap along an axis. */
function reach({ kernel, dilations }: Geometry, axis: number): number {
  return (at(kernel, axis) - 1) * at(dilations, axis);
}

function dropTail(g: Graph, x: Value, axis: number, end: number): Value {
  if (end >= 0) return x;
  return g.op('Slice', [x, g.integers([0]), g.integers([at(x.shape, axis) + end]), g.integers([axis])]);
}

function everyNth(g: Graph, x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  return g.op('Slice', [x, g.integers([0]), g.integers([at(x.shape, axis)]), g.integers([axis]), g.integers([step])]);
}

function geometryOf(node: Node): Geometry {
  const kernel = node.numbers('kernel_shape');
  const ones = range(kernel.length).map(() => 1);
  const pads = node.numbers('pads', range(2 * kernel.length).map(() => 0));
  return {
    kernel,
    strides: node.numbers('strides', ones),
    dilations: node.numbers('dilations', ones),
    begin: pads.slice(0, kernel.length),
    end: pads.slice(kernel.length),
    group: node.number('group', 1),
  };
}

/** The settled number at an index. */
function at(list: readonly (number | string)[], i: number): number {
  const value = list[i];
  if (typeof value !== 'number') throw new Error(`internal error: size ${i} is ${value}`);
  return value;
}
