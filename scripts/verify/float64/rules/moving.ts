import { normaliseAxis, range } from '../../../../src/graph/node/axes.js';
import type { Operator } from '../base/operator.js';
import { around, type Float64Tensor, float64, offsets, pick, stridesOf, withDims } from '../base/tensor.js';

export const Transpose: Operator = (node, [given]) => {
  const x = given as Float64Tensor;
  const perm = node.numbers('perm', range(x.dims.length).reverse());
  const dims = perm.map((axis) => x.dims[axis] as number);
  const strides = perm.map((axis) => stridesOf(x.dims)[axis] as number);
  return [pick(x, offsets(dims, strides), dims)];
};

export const Unsqueeze: Operator = (node, [x, axes]) => {
  const { dims, data } = x as Float64Tensor;
  const rank = dims.length + (axes as Float64Tensor).data.length;
  const added = new Set([...(axes as Float64Tensor).data].map((axis) => normaliseAxis(node, axis, rank)));
  const rest = [...dims];
  return [
    withDims(
      float64(dims, data),
      range(rank).map((axis) => (added.has(axis) ? 1 : (rest.shift() as number))),
    ),
  ];
};

/** Zeros (and cuts, where an amount is negative) around X along the axes of input 3, all when left out. */
export const Pad: Operator = (node, [given, amounts, value, axes]) => {
  const x = given as Float64Tensor;
  if (node.string('mode', 'constant') !== 'constant' || value) node.fail('padding', 'zeros', 'something else');
  const pads = [...(amounts as Float64Tensor).data];
  const padded = axes ? [...axes.data].map((axis) => normaliseAxis(node, axis, x.dims.length)) : range(x.dims.length);
  return [
    padded.reduce((result, axis, i) => padAxis(result, axis, pads[i] as number, pads[i + padded.length] as number), x),
  ];
};

function padAxis(x: Float64Tensor, axis: number, front: number, back: number): Float64Tensor {
  const { before, size, after } = around(x.dims, axis);
  const length = size + front + back;
  const result = float64(x.dims.map((dim, i) => (i === axis ? length : dim)));
  for (let row = 0; row < before; row++) {
    for (let i = Math.max(0, -front); i < Math.min(size, size + back); i++) {
      const from = (row * size + i) * after;
      result.data.set(x.data.subarray(from, from + after), (row * length + i + front) * after);
    }
  }
  return result;
}

/** X, to which each update is added at its index along an axis. */
export const ScatterElements: Operator = (node, inputs) => {
  const [x, indices, updates] = inputs as readonly [Float64Tensor, Float64Tensor, Float64Tensor];
  if (node.string('reduction', 'none') !== 'add') node.fail('reduction', 'add', node.string('reduction', 'none'));
  const axis = normaliseAxis(node, node.number('axis', 0), x.dims.length);
  const result = float64(x.dims, x.data.slice());
  const strides = stridesOf(x.dims);
  const [size, stride] = [x.dims[axis] as number, strides[axis] as number];
  const elsewhere = strides.map((each, i) => (i === axis ? 0 : each));
  offsets(indices.dims, elsewhere).forEach((start, i) => {
    const index = indices.data[i] as number;
    const at = start + (index < 0 ? index + size : index) * stride;
    result.data[at] = (result.data[at] as number) + (updates.data[i] as number);
  });
  return [result];
};
