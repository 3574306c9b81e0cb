import { reduceSum, reshape, transpose } from '../../graph/arithmetic.js';
import { range } from '../../graph/axes.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node.js';
import { flattenedWeightGrad, imagewiseWeightGrad } from '../flattened.js';
import { at, endPad, type Geometry } from '../geometry.js';
import { type Blocked, fromBlocked } from './blocked.js';

/** dW [K, C, kh, kw] by the flattened form, from blocked images. */
export function flattenedForm(g: Graph, geometry: Geometry, x: Blocked, dY: Blocked): Value {
  return flattenedWeightGrad(g, geometry, fromBlocked(g, x, true), imagesLast(g, dY));
}

/** dW by the flattened form, image by image. */
export function imagewiseForm(g: Graph, geometry: Geometry, x: Blocked, dY: Blocked): Value {
  return imagewiseWeightGrad(g, geometry, fromBlocked(g, x, true), fromBlocked(g, dY));
}

/**
 * The flattened form with the kernel's rows as extra outputs: dY comes kh times, each shifted by a row. That makes a matrix
 * product of kh K x kw C where the flattened form has K x kh kw C: squarer, with less to gather, but more to copy.
 */
export function shiftedRowsForm(g: Graph, geometry: Geometry, x: Blocked, dY: Blocked): Value {
  const [kh, kw] = [at(geometry.kernel, 0), at(geometry.kernel, 1)];
  const [channels, height] = [at(x.shape, 1), at(x.shape, 2)];
  const kernels = imagesLast(g, dY);
  const top = at(geometry.begin, 0);
  // Row h of X meets row h + top - i of dY for the kernel's row i
  const shifted = range(kh).map((i) => {
    const pads = [i - top, height - (i - top) - at(dY.shape, 2)];
    return g.op('Pad', [kernels, g.integers(pads), null, g.integers([2])]);
  });
  const all = g.op('Concat', shifted, { axis: 0 });
  const single = { ...geometry, kernel: [1, kw], begin: [0, at(geometry.begin, 1)], end: [0, at(geometry.end, 1)] };
  const taps = flattenedWeightGrad(g, single, fromBlocked(g, x, true), all);
  return transpose(g, reshape(g, taps, [kh, at(dY.shape, 1), channels, kw]), [1, 2, 0, 3]);
}

/** Whether {@link shiftedRowsForm} can do it. */
export function canShiftRows(geometry: Geometry, x: Value, dY: Value): boolean {
  const plain = [...geometry.strides, ...geometry.dilations].every((step) => step === 1);
  return plain && at(geometry.kernel, 0) > 1 && endPad(geometry, dY, at(x.shape, 3), 1) >= 0;
}

/** dW of a 1x1 convolution: dY X^T for each image, added up. */
export function pointwiseForm(g: Graph, x: Value, dY: Value): Value {
  const flat = (value: Value) => reshape(g, value, [0, at(value.shape, 1), -1]);
  const products = g.microsoft('FusedMatMul', [flat(dY), flat(x)], { transB: 1 });
  return reshape(g, reduceSum(g, products, [0]), [at(dY.shape, 1), at(x.shape, 1), 1, 1]);
}

/** dW of a 1x1 convolution: one product over all positions of all images, with channels last. */
export function pointwiseRowsForm(g: Graph, x: Blocked, dY: Blocked): Value {
  const rows = (value: Blocked) => reshape(g, fromBlocked(g, value, true), [-1, at(value.shape, 1)]);
  const product = g.microsoft('FusedMatMul', [rows(dY), rows(x)], { transA: 1 });
  return reshape(g, product, [at(dY.shape, 1), at(x.shape, 1), 1, 1]);
}

/** Whether a convolution has a 1x1 kernel and no padding. */
export function isPointwise({ kernel, begin, end }: Geometry): boolean {
  return kernel.every((size) => size === 1) && [...begin, ...end].every((pad) => pad === 0);
}

/** Blocked [N, K, H, W] as plain [K, N, H, W]. */
function imagesLast(g: Graph, dY: Blocked): Value {
  return transpose(g, fromBlocked(g, dY), [1, 0, 2, 3]);
}
