import { add, indicator, mul, sub } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';
import type { Rule } from '../rule/rule.js';

// Y = X where X > 0, slope * X elsewhere: dX = dY * (1 where X > 0, slope elsewhere), dSlope = dY * X where X <= 0
export const PRelu: Rule = ({ g, node, dY, needs }) => {
  const [x, slope] = [node.input(0), node.input(1)];
  const above = isAbove(g, x, 0);
  const below = sub(g, g.scalar(1), above);
  const dX = () => mul(g, dY, add(g, above, mul(g, below, slope)));
  return [needs(0) ? dX() : null, needs(1) ? mul(g, dY, mul(g, below, x)) : null];
};

// dX = dY where X > alpha
export const ThresholdedRelu: Rule = ({ g, node, dY }) => [
  mul(g, dY, isAbove(g, node.input(0), node.number('alpha', 1))),
];

/** 1 where X is above a bound, else 0. */
function isAbove(g: Graph, x: Value, bound: number): Value {
  return indicator(g, g.op('Greater', [x, g.scalar(bound)]));
}
