import { add, neg, reduceSum, sub } from '../../graph/arithmetic.js';
import { normaliseAxis } from '../../graph/node/axes.js';
import { take } from '../../util/checked.js';
import type { Body } from '../target.js';

// log softmax(X) = s - log(sum(e^s)), s = X - max X
export const LogSoftmax: Body = (g, node, inputs) => {
  const [x] = take(inputs, 1);
  const axis = normaliseAxis(node, node.number('axis', -1), x.shape.length);
  const shifted = sub(g, x, g.op('ReduceMax', [x, g.integers([axis])], { keepdims: 1 }));
  return [sub(g, shifted, g.op('Log', [reduceSum(g, g.op('Exp', [shifted]), [axis], true)]))];
};

// log(1 + e^X) = max(X, 0) + log(1 + e^-|X|), in which nothing overflows
export const Softplus: Body = (g, _node, inputs) => {
  const [x] = take(inputs, 1);
  const rest = g.op('Log', [add(g, g.op('Exp', [neg(g, g.op('Abs', [x]))]), g.scalar(1))]);
  return [add(g, g.op('Relu', [x]), rest)];
};

export const Sum: Body = (g, _node, inputs) => [inputs.reduce((sum, value) => add(g, sum, value))];
