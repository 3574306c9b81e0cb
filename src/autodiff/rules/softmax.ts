import { mul, reduceSum, sub } from '../../graph/arithmetic.js';
import { normaliseAxis } from '../../graph/node/axes.js';
import type { Rule } from '../rule/rule.js';

// dX = Y * (dY - sum(dY * Y))
export const Softmax: Rule = ({ g, node, dY }) => {
  const y = node.output();
  const axis = normaliseAxis(node, node.number('axis', -1), y.shape.length);
  return [mul(g, y, sub(g, dY, reduceSum(g, mul(g, dY, y), [axis], true)))];
};

// dX = dY - exp(Y) * sum(dY)
export const LogSoftmax: Rule = ({ g, node, dY }) => {
  const y = node.output();
  const axis = normaliseAxis(node, node.number('axis', -1), y.shape.length);
  return [sub(g, dY, mul(g, g.op('Exp', [y]), reduceSum(g, dY, [axis], true)))];
};
