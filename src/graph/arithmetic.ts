import type { Graph } from './graph.js';
import { broadcastAxes } from './node/axes.js';
import { asNumbers, formatShape, type Shape, sameShape } from './node/dim.js';
import type { Value } from './node/node.js';

/** Shorthands in which formulas over float32 values stay short. */
export const add = (g: Graph, a: Value, b: Value) => g.op('Add', [a, b]);
export const sub = (g: Graph, a: Value, b: Value) => g.op('Sub', [a, b]);
export const mul = (g: Graph, a: Value, b: Value) => g.op('Mul', [a, b]);
export const div = (g: Graph, a: Value, b: Value) => g.op('Div', [a, b]);
export const neg = (g: Graph, a: Value) => g.op('Neg', [a]);
export const scale = (g: Graph, a: Value, factor: number) => (factor === 1 ? a : mul(g, a, g.scalar(factor)));

/** 1 where a condition (bool) holds, else 0, as float32. */
export const indicator = (g: Graph, condition: Value) => g.op('Cast', [condition], { to: 1 });

export const equalsZero = (g: Graph, x: Value) => g.op('Equal', [x, g.scalar(0)]);

/** 0 where a condition (bool) holds, else x: chosen, so that x may be infinite or NaN there, which no product with 0 takes away. */
export const zeroWhere = (g: Graph, condition: Value, x: Value) => g.op('Where', [condition, g.scalar(0), x]);

/** Reshapes to known sizes (-1: what is left). */
export const reshape = (g: Graph, x: Value, sizes: readonly number[]) => g.op('Reshape', [x, g.integers(sizes)]);

export const transpose = (g: Graph, x: Value, perm: readonly number[]) =>
  perm.every((from, to) => from === to) ? x : g.op('Transpose', [x], { perm });

export function reduceSum(g: Graph, x: Value, axes: readonly number[], keepdims = false): Value {
  return axes.length === 0 ? x : g.op('ReduceSum', [x, g.integers(axes)], { keepdims: keepdims ? 1 : 0 });
}

/** Reshapes to a shape that may have a symbolic batch: at most one symbolic size, which becomes -1. */
export function reshapeTo(g: Graph, x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : -1));
  if (sizes.filter((size) => size === -1).length > 1)
    throw new Error(`internal error: reshape to ${formatShape(shape)}`);
  return reshape(g, x, sizes);
}

/** The shape of `like`, as an int64 tensor: a constant where it is known. */
export function shapeOf(g: Graph, like: Value): Value {
  const sizes = asNumbers(like.shape);
  return sizes ? g.integers(sizes) : g.op('Shape', [like]);
}

/** Broadcasts x to the shape of `like`. */
export function expandLike(g: Graph, x: Value, like: Value): Value {
  return sameShape(x.shape, like.shape) ? x : g.op('Expand', [x, shapeOf(g, like)]);
}

/** Sums a gradient over the axes along which `source` was broadcast. */
export function sumTo(g: Graph, gradient: Value, source: Shape): Value {
  if (sameShape(gradient.shape, source)) return gradient;
  const axes = broadcastAxes(source, gradient.shape);
  const added = gradient.shape.length - source.length;
  const summed = reduceSum(g, gradient, axes, added === 0);
  return reshapeTo(g, summed, source);
}

/** How many elements a set of axes holds, as a float32 scalar; computed in the graph when the batch is symbolic. */
export function countAlong(g: Graph, x: Value, axes: readonly number[]): Value {
  const dims = axes.map((axis) => x.shape[axis]);
  if (dims.every((dim) => typeof dim === 'number')) return g.scalar(dims.reduce((n, dim) => n * dim, 1));
  const sizes = g.op('Gather', [g.op('Shape', [x]), g.integers(axes)]);
  return g.op('ReduceProd', [g.op('Cast', [sizes], { to: 1 })], { keepdims: 0 });
}

/** Scalars as one vector [n]. */
export function vector(g: Graph, scalars: readonly Value[]): Value {
  return g.op(
    'Concat',
    scalars.map((value) => reshape(g, value, [1])),
    { axis: 0 },
  );
}
