import { normaliseAxis, range } from '../../../../src/graph/node/axes.js';
import type { Node } from '../../../../src/graph/node/node.js';
import type { Operator } from '../base/operator.js';
import { around, type Float64Tensor, float64, map, offsets, stridesOf, withDims } from '../base/tensor.js';

export const ReduceSum: Operator = (node, [x, axes]) => [reduced(node, x as Float64Tensor, axes)];

export const ReduceMean: Operator = (node, [x, axes]) => {
  const sum = reduced(node, x as Float64Tensor, axes);
  const averaged = (x as Float64Tensor).data.length / sum.data.length;
  return [map(sum, (value) => value / averaged)];
};

export const ReduceL1: Operator = (node, [x, axes]) => [reduced(node, map(x as Float64Tensor, Math.abs), axes)];

export const ReduceLogSum: Operator = (node, [x, axes]) => [map(reduced(node, x as Float64Tensor, axes), Math.log)];

export const ReduceLogSumExp: Operator = (node, [x, axes]) => [
  map(reduced(node, map(x as Float64Tensor, Math.exp), axes), Math.log),
];

/** The position of the largest along an axis, the first one at a tie. */
export const ArgMax: Operator = (node, [given]) => {
  const x = given as Float64Tensor;
  const axis = normaliseAxis(node, node.number('axis', 0), x.dims.length);
  const kept = node.number('keepdims', 1) === 1 ? [1] : [];
  const result = float64([...x.dims.slice(0, axis), ...kept, ...x.dims.slice(axis + 1)]);
  eachLane(x, axis, (lane, i) => {
    result.data[i] = lane.reduce((best, at, k) => (valueAt(x, at) > valueAt(x, lane[best]) ? k : best), 0);
  });
  return [result];
};

/** x - log(sum(exp x)) along an axis. */
export const LogSoftmax: Operator = (node, [given]) => {
  const x = given as Float64Tensor;
  const axis = normaliseAxis(node, node.number('axis', -1), x.dims.length);
  const result = float64(x.dims);
  eachLane(x, axis, (lane) => {
    const top = lane.reduce((most, at) => Math.max(most, valueAt(x, at)), Number.NEGATIVE_INFINITY);
    const total = lane.reduce((sum, at) => sum + Math.exp(valueAt(x, at) - top), 0);
    for (const at of lane) result.data[at] = valueAt(x, at) - top - Math.log(total);
  });
  return [result];
};

/** The sum over some axes (all when none are given), which stay with size 1 under `keepdims`. */
function reduced(node: Node, x: Float64Tensor, axes: Float64Tensor | undefined): Float64Tensor {
  const rank = x.dims.length;
  const gone = new Set(axes ? [...axes.data].map((axis) => normaliseAxis(node, axis, rank)) : range(rank));
  const kept = x.dims.map((size, axis) => (gone.has(axis) ? 1 : size));
  const sum = float64(kept);
  const strides = stridesOf(kept).map((stride, axis) => (gone.has(axis) ? 0 : stride));
  offsets(x.dims, strides).forEach((to, from) => {
    sum.data[to] = valueAt(sum, to) + valueAt(x, from);
  });
  if (node.number('keepdims', 1) === 1) return sum;
  const left = x.dims.filter((_, axis) => !gone.has(axis));
  return withDims(sum, left);
}

/** Calls `visit` with the positions of every line of elements along an axis. */
function eachLane({ dims }: Float64Tensor, axis: number, visit: (positions: number[], lane: number) => void): void {
  const { before, size, after } = around(dims, axis);
  for (let lane = 0; lane < before * after; lane++) {
    const start = Math.floor(lane / after) * size * after + (lane % after);
    const positions = range(size).map((k) => start + k * after);
    visit(positions, lane);
  }
}

function valueAt({ data }: Float64Tensor, at: number | undefined): number {
  return data[at as number] as number;
}
