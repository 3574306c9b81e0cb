import { div, expandLike, indicator, mul, reduceSum, reshapeTo, scale } from '../../graph/arithmetic.js';
import { normaliseAxis, range } from '../../graph/axes.js';
import type { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/node.js';
import { notDifferentiable, type Rule } from '../rule.js';
import { equalsZero, zeroWhere } from '../zero.js';

// dX = dY, the same along the reduced axes
export const ReduceSum: Rule = ({ g, node, dY }) => [spread(g, node, dY), null];

// dX = dY / n
export const ReduceMean: Rule = ({ g, node, dY }) => {
  const x = node.input(0);
  const sizes = reducedAxes(g, node).map((axis) => x.shape[axis]);
  if (sizes.every((size) => typeof size === 'number')) {
    return [spread(g, node, scale(g, dY, 1 / sizes.reduce((n, size) => n * size, 1))), null];
  }
  const total = (value: Value) => g.op('Cast', [g.op('Size', [value])], { to: 1 });
  return [spread(g, node, mul(g, dY, div(g, total(node.output()), total(x)))), null];
};

// dX = 2 X * dY
export const ReduceSumSquare: Rule = ({ g, node, dY }) => [
  mul(g, scale(g, node.input(0), 2), spread(g, node, dY)),
  null,
];

// dX = dY (X / Y), 0 where Y = 0
export const ReduceL2: Rule = ({ g, node, dY }) => {
  const length = spread(g, node, node.output());
  const direction = zeroWhere(g, equalsZero(g, length), div(g, node.input(0), length));
  return [mul(g, spread(g, node, dY), direction), null];
};

/** dX = dY at the extreme, shared equally among ties (PyTorch's amax and amin). */
const extreme: Rule = ({ g, node, dY }) => {
  const x = node.input(0);
  const winners = indicator(g, g.op('Equal', [x, spread(g, node, node.output())]));
  const ties = reduceSum(g, winners, reducedAxes(g, node), true);
  return [mul(g, spread(g, node, dY), div(g, winners, ties)), null];
};

export const ReduceMax = extreme;
export const ReduceMin = extreme;

export const ArgMax = notDifferentiable;
export const ArgMin = notDifferentiable;

/** A reduced value, repeated along the axes that were reduced. */
function spread(g: Graph, node: Node, value: Value): Value {
  const x = node.input(0);
  const axes = new Set(reducedAxes(g, node));
  const kept = x.shape.map((dim, i) => (axes.has(i) ? 1 : dim));
  return expandLike(g, reshapeTo(g, value, kept), x);
}

function reducedAxes(g: Graph, node: Node): number[] {
  const rank = node.input(0).shape.length;
  const axes = node.inputs[1] ? g.knownIntegers.get(node.input(1)) : [];
  if (!axes) return node.fail('axes', 'constants');
  if (axes.length === 0) return node.number('noop_with_empty_axes', 0) === 1 ? [] : range(rank);
  return axes.map((axis) => normaliseAxis(node, Number(axis), rank));
}
