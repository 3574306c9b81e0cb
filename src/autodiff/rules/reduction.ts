import { div, equalsZero, indicator, mul, reduceSum, scale, zeroWhere } from '../../graph/arithmetic.js';
import type { Value } from '../../graph/node/node.js';
import { reducedAxes, spread } from '../rule/reduced.js';
import { notDifferentiable, type Rule } from '../rule/rule.js';

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
