import { add, div, indicator, mul, scale, sub } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';
import type { Rule } from '../rule/rule.js';

// Y = gamma * (X where X > 0, alpha (e^X - 1) elsewhere): dX = dY * (gamma where X > 0, Y + gamma * alpha elsewhere)
export const Selu: Rule = ({ g, node, dY }) => {
  // The values that ONNX prescribes, as float32 holds them
  const [alpha, gamma] = [node.number('alpha', 1.6732631921768188), node.number('gamma', 1.0507010221481323)];
  const negative = add(g, node.output(), g.scalar(gamma * alpha));
  return [mul(g, dY, eitherSide(g, node.input(0), g.scalar(gamma), negative))];
};

// Y = X where X > 0, alpha (e^(X / alpha) - 1) elsewhere: dX = dY * (1 where X > 0, Y / alpha + 1 elsewhere)
export const Celu: Rule = ({ g, node, dY }) => {
  const negative = add(g, scale(g, node.output(), 1 / node.number('alpha', 1)), g.scalar(1));
  return [mul(g, dY, eitherSide(g, node.input(0), g.scalar(1), negative))];
};

// Y = X T, T = tanh(softplus X): dX = dY * (T + X (1 - T^2) sigmoid X)
export const Mish: Rule = ({ g, node, dY }) => {
  const x = node.input(0);
  const t = g.op('Tanh', [g.op('Softplus', [x])]);
  const slope = mul(g, sub(g, g.scalar(1), mul(g, t, t)), g.op('Sigmoid', [x]));
  return [mul(g, dY, add(g, t, mul(g, x, slope)))];
};

// Y = X / (1 + |X|): dX = dY / (1 + |X|)^2
export const Softsign: Rule = ({ g, node, dY }) => {
  const share = div(g, g.scalar(1), add(g, g.op('Abs', [node.input(0)]), g.scalar(1)));
  return [mul(g, dY, mul(g, share, share))];
};

/** One number where X > 0, another elsewhere. */
function eitherSide(g: Graph, x: Value, positive: Value, other: Value): Value {
  const above = indicator(g, g.op('Greater', [x, g.scalar(0)]));
  return add(g, mul(g, above, positive), mul(g, sub(g, g.scalar(1), above), other));
}
