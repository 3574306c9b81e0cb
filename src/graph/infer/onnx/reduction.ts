import { normaliseAxis, range } from '../../node/axes.js';
import { exactProduct } from '../../node/dim.js';
import type { InferContext, InferRule, Inferred } from '../../node/infer-rule.js';

/** Axes in input 1 (opset 18); none reduces all, unless noop_with_empty_axes. */
const reduction = (context: InferContext): Inferred => {
  const { node } = context;
  const { dtype, shape } = node.input(0);
  const axes = new Set(reducedAxes(context));
  const keep = node.number('keepdims', 1) === 1;
  return { dtype, shape: keep ? shape.map((dim, i) => (axes.has(i) ? 1 : dim)) : shape.filter((_, i) => !axes.has(i)) };
};

export const ReduceSum = reduction;
export const ReduceMean = reduction;
export const ReduceSumSquare = reduction;
export const ReduceMax = reduction;
export const ReduceMin = reduction;
export const ReduceL2 = reduction;
export const ReduceL1 = reduction;
export const ReduceLogSum = reduction;
export const ReduceLogSumExp = reduction;

/** A product of sizes stays known. */
export const ReduceProd: InferRule = (context) => {
  const result = reduction(context);
  const values = context.known(0);
  const all = context.node.input(0).shape.length === 1 && reducedAxes(context).length === 1;
  const known = values && all ? exactProduct(values) : undefined;
  return { ...result, known: known === undefined ? undefined : [known] };
};

const arg: InferRule = ({ node }) => {
  const { shape } = node.input(0);
  const axis = normaliseAxis(node, node.number('axis', 0), shape.length);
  const keep = node.number('keepdims', 1) === 1;
  return {
    dtype: 'int64',
    shape: keep ? shape.map((dim, i) => (i === axis ? 1 : dim)) : shape.filter((_, i) => i !== axis),
  };
};

export const ArgMax = arg;
export const ArgMin = arg;

function reducedAxes({ node, integers }: InferContext): number[] {
  const rank = node.input(0).shape.length;
  const axes = node.inputs[1] ? integers(1) : [];
  if (axes.length === 0) return node.number('noop_with_empty_axes', 0) === 1 ? [] : range(rank);
  return axes.map((axis) => normaliseAxis(node, axis, rank));
}
