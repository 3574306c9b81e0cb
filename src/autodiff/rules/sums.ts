import { mul, neg, scale, sub } from '../../graph/arithmetic.js';
import { spread } from '../rule/reduced.js';
import type { Rule } from '../rule/rule.js';

/** The largest float32: an infinite logarithm is taken for it, as infinity less infinity is no number. */
const LARGEST = 3.4028234663852886e38;

// Y = log(sum(e^X)): dX = dY * e^(X - Y), 0 where all of a sum is e^-infinity
export const ReduceLogSumExp: Rule = ({ g, node, dY }) => {
  const finite = g.op('Clip', [node.output(), g.scalar(-LARGEST), g.scalar(LARGEST)]);
  const share = g.op('Exp', [sub(g, node.input(0), spread(g, node, finite))]);
  return [mul(g, spread(g, node, dY), share), null];
};

// Y = log(sum X): dX = dY / sum X = dY * e^-Y
export const ReduceLogSum: Rule = ({ g, node, dY }) => [
  spread(g, node, mul(g, dY, g.op('Exp', [neg(g, node.output())]))),
  null,
];

// Y = sum |X|: dX = dY * sign X
export const ReduceL1: Rule = ({ g, node, dY }) => [mul(g, spread(g, node, dY), g.op('Sign', [node.input(0)])), null];

// dX_i = dY / n for each of n inputs
export const Mean: Rule = ({ g, node, dY }) => {
  const share = scale(g, dY, 1 / node.inputs.length);
  return node.inputs.map(() => share);
};
