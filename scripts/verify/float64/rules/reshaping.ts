import { normaliseAxis } from '../../../../src/graph/node/axes.js';
import { elementCount } from '../../../../src/onnx/tensor.js';
import type { Operator } from '../base/operator.js';
import { around, type Float64Tensor, float64, withDims } from '../base/tensor.js';

/** Target sizes: 0 copies X's, -1 is what is left. */
export const Reshape: Operator = (_node, inputs) => {
  const [x, sizes] = inputs as readonly [Float64Tensor, Float64Tensor];
  const copied = [...sizes.data].map((size, axis) => (size === 0 ? (x.dims[axis] as number) : size));
  const rest = x.data.length / elementCount(copied.filter((size) => size !== -1));
  return [
    withDims(
      x,
      copied.map((size) => (size === -1 ? rest : size)),
    ),
  ];
};

export const Flatten: Operator = (node, [given]) => {
  const x = given as Float64Tensor;
  const axis = node.number('axis', 1);
  return [withDims(x, [elementCount(x.dims.slice(0, axis)), elementCount(x.dims.slice(axis))])];
};

export const Concat: Operator = (node, inputs) => {
  const parts = inputs as readonly Float64Tensor[];
  const [{ dims }] = parts as readonly [Float64Tensor];
  const axis = normaliseAxis(node, node.number('axis'), dims.length);
  const total = parts.reduce((sum, part) => sum + (part.dims[axis] as number), 0);
  const result = float64(dims.map((size, i) => (i === axis ? total : size)));
  eachBlock(result, axis, parts, (part, whole, from, to) => {
    whole.set(part.data.subarray(from.start, from.end), to);
  });
  return [result];
};

export const Split: Operator = (node, inputs) => {
  const [x, sizes] = inputs as readonly [Float64Tensor, Float64Tensor];
  const axis = normaliseAxis(node, node.number('axis', 0), x.dims.length);
  const parts = [...sizes.data].map((part) => float64(x.dims.map((size, i) => (i === axis ? part : size))));
  eachBlock(x, axis, parts, (part, whole, { start, end }, at) => {
    part.data.set(whole.subarray(at, at + end - start), start);
  });
  return parts;
};

type Visit = (part: Float64Tensor, whole: Float64Array, block: { start: number; end: number }, at: number) => void;

/** Calls `visit` for every contiguous block of the parts that lie side by side in a whole: its range, and its place there. */
function eachBlock(whole: Float64Tensor, axis: number, parts: readonly Float64Tensor[], visit: Visit): void {
  let at = 0;
  for (let row = 0; row < around(whole.dims, axis).before; row++) {
    for (const part of parts) {
      const { size, after } = around(part.dims, axis);
      const start = row * size * after;
      visit(part, whole.data, { start, end: start + size * after }, at);
      at += size * after;
    }
  }
}
