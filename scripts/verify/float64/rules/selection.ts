import { normaliseAxis } from '../../../../src/graph/node/axes.js';
import type { Operator } from '../base/operator.js';
import { around, type Float64Tensor, float64 } from '../base/tensor.js';

/** Slices of X along an axis, at the indices (from the end where negative). */
export const Gather: Operator = (node, inputs) => {
  const [x, indices] = inputs as readonly [Float64Tensor, Float64Tensor];
  const axis = normaliseAxis(node, node.number('axis', 0), x.dims.length);
  const { before, size, after } = around(x.dims, axis);
  const result = float64([...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)]);
  let at = 0;
  for (let row = 0; row < before; row++) {
    for (const index of indices.data) {
      const start = (row * size + (index < 0 ? index + size : index)) * after;
      result.data.set(x.data.subarray(start, start + after), at);
      at += after;
    }
  }
  return [result];
};

/** Inputs: indices, depth, values [off, on]. The new axis is the last. */
export const OneHot: Operator = (node, inputs) => {
  const [indices, depth, values] = inputs as readonly [Float64Tensor, Float64Tensor, Float64Tensor];
  if (node.number('axis', -1) !== -1) node.fail('attribute axis', '-1', `${node.number('axis')}`);
  const [size, off, on] = [...depth.data, ...values.data] as [number, number, number];
  const result = float64([...indices.dims, size], new Float64Array(indices.data.length * size).fill(off));
  indices.data.forEach((index, i) => {
    result.data[i * size + (index < 0 ? index + size : index)] = on;
  });
  return [result];
};
