import { add, indicator, mul, scale, sub } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/node/node.js';
import { toNumbers } from '../../onnx/tensor.js';
import type { Rule } from '../rule/rule.js';

// dX = dY where Y > 0
export const Relu: Rule = ({ g, node, dY }) => g.agon('ReluGrad', [dY, node.output()]);

// dX = dY where X > 0, alpha * dY elsewhere
export const LeakyRelu: Rule = ({ g, node, dY }) => {
  const alpha = node.number('alpha', 0.01);
  const positive = indicator(g, g.op('Greater', [node.input(0), g.scalar(0)]));
  return [mul(g, dY, add(g, scale(g, positive, 1 - alpha), g.scalar(alpha)))];
};

// ReLU6: dX = dY where 0 < Y < 6, the ends have no slope. All others, as torch.clamp: dX = dY where min <= X <= max
export const Clip: Rule = ({ g, node, dY }) => {
  const [min, max] = [1, 2].map((i) => boundOf(g, node, i));
  if (min === 0 && max === 6) return g.agon('ClipGrad', [dY, node.output()], { min: { float: 0 }, max: { float: 6 } });
  const within = (op: 'GreaterOrEqual' | 'LessOrEqual', bound: number | undefined) =>
    bound === undefined ? [] : [indicator(g, g.op(op, [node.input(0), g.scalar(bound)]))];
  const masks = [...within('GreaterOrEqual', min), ...within('LessOrEqual', max)];
  return [masks.reduce((kept, mask) => mul(g, kept, mask), dY)];
};

// dX = dY * Y (1 - Y)
export const Sigmoid: Rule = ({ g, node, dY }) => {
  const y = node.output();
  return [mul(g, dY, mul(g, y, sub(g, g.scalar(1), y)))];
};

// dX = alpha * dY where 0 < Y < 1
export const HardSigmoid: Rule = ({ g, node, dY }) => {
  const inside = strictlyBetween(g, node.output(), 0, 1);
  return [scale(g, mul(g, dY, inside), node.number('alpha', 0.2))];
};

// Y = X * H(X), H(X) = clip(X / 6 + 1/2, 0, 1): dX = dY * (H(X) + X / 6 where -3 < X < 3)
export const HardSwish: Rule = ({ g, node, dY }) => {
  const x = node.input(0);
  const gate = g.op('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 });
  const slope = scale(g, mul(g, x, strictlyBetween(g, x, -3, 3)), 1 / 6);
  return [mul(g, dY, add(g, gate, slope))];
};

// dX = dY * (1 - Y^2)
export const Tanh: Rule = ({ g, node, dY }) => {
  const y = node.output();
  return [mul(g, dY, sub(g, g.scalar(1), mul(g, y, y)))];
};

// dX = dY * 2 / sqrt(pi) * exp(-X^2)
export const Erf: Rule = ({ g, node, dY }) => {
  const x = node.input(0);
  return [mul(g, dY, scale(g, g.op('Exp', [g.op('Neg', [mul(g, x, x)])]), 2 / Math.sqrt(Math.PI)))];
};

export const Gelu: Rule = ({ g, node, dY }) => {
  const slope = node.string('approximate', 'none') === 'tanh' ? tanhGeluSlope : geluSlope;
  return [mul(g, dY, slope(g, node.input(0)))];
};

// dX = dY * (1 where X > 0, else Y + alpha)
export const Elu: Rule = ({ g, node, dY }) => {
  const [x, y] = [node.input(0), node.output()];
  const positive = indicator(g, g.op('Greater', [x, g.scalar(0)]));
  const negative = sub(g, g.scalar(1), positive);
  return [mul(g, dY, add(g, positive, mul(g, negative, add(g, y, g.scalar(node.number('alpha', 1))))))];
};

// dX = dY * sigmoid(X)
export const Softplus: Rule = ({ g, node, dY }) => [mul(g, dY, g.op('Sigmoid', [node.input(0)]))];

// Y = X where kept, times 1 / (1 - ratio); in inference form Y = X
export const Dropout: Rule = ({ g, node, dY }) => {
  const training = g.constantOf(node.inputs[2]);
  if (!node.inputs[2] || (training && toNumbers(training)[0] === 0)) return [dY];
  return node.fail(
    'Dropout in training mode',
    'its training form',
    'training_mode',
    'Convert the graph with trainingForm first',
  );
};

/** Phi(x) + x phi(x), with the normal distribution function Phi and density phi. */
function geluSlope(g: Graph, x: Value): Value {
  const cumulative = scale(g, add(g, g.op('Erf', [scale(g, x, Math.SQRT1_2)]), g.scalar(1)), 0.5);
  const density = scale(g, g.op('Exp', [scale(g, mul(g, x, x), -0.5)]), 1 / Math.sqrt(2 * Math.PI));
  return add(g, cumulative, mul(g, x, density));
}

/** Beyond this x^2, tanh u is 1 or -1 (see {@link tanhGeluSlope}). */
const SATURATED = 1e4;

/**
 * With u = sqrt(2 / pi) (x + 0.044715 x^3) and t = tanh u: (1 + t) / 2 + x (1 - t^2) u' / 2. x^2 is bounded where t is 1 or -1 in any
 * case: infinite, it would make the product with 1 - t^2 = 0 a NaN.
 */
function tanhGeluSlope(g: Graph, x: Value): Value {
  const c = Math.sqrt(2 / Math.PI);
  const square = g.op('Min', [mul(g, x, x), g.scalar(SATURATED)]);
  const t = g.op('Tanh', [mul(g, x, add(g, scale(g, square, c * 0.044715), g.scalar(c)))]);
  const inner = add(g, scale(g, square, 3 * c * 0.044715), g.scalar(c));
  const sech = sub(g, g.scalar(1), mul(g, t, t));
  return scale(g, add(g, add(g, t, g.scalar(1)), mul(g, x, mul(g, sech, inner))), 0.5);
}

/** A bound of Clip, which must be constant. */
function boundOf(g: Graph, node: Node, i: number): number | undefined {
  const bound = node.inputs[i];
  if (!bound) return undefined;
  const constant = g.constantOf(bound);
  return constant
    ? toNumbers(constant)[0]
    : node.fail(`input ${i}`, 'a constant, to be differentiated', 'a computed bound');
}

function strictlyBetween(g: Graph, x: Value, low: number, high: number): Value {
  const above = indicator(g, g.op('Greater', [x, g.scalar(low)]));
  return mul(g, above, indicator(g, g.op('Less', [x, g.scalar(high)])));
}
