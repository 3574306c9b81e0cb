import { add, div, equalsZero, indicator, mul, neg, scale, sub, zeroWhere } from '../../graph/arithmetic.js';
import { toNumbers } from '../../onnx/tensor.js';
import { mapTuple } from '../../util/checked.js';
import { notDifferentiable, type Rule } from '../rule/rule.js';

// dA = dY, dB = dY
export const Add: Rule = ({ dY }) => [dY, dY];

// dA = dY, dB = -dY
export const Sub: Rule = ({ g, dY, needs }) => [dY, needs(1) ? neg(g, dY) : null];

// dA = dY * B, dB = dY * A
export const Mul: Rule = ({ g, node, dY, needs }) => [
  needs(0) ? mul(g, dY, node.input(1)) : null,
  needs(1) ? mul(g, dY, node.input(0)) : null,
];

// dA = dY / B, dB = -dY * (Y / B), which stays finite where only dY / B overflows
export const Div: Rule = ({ g, node, dY, needs }) => {
  const b = node.input(1);
  return [div(g, dY, b), needs(1) ? neg(g, mul(g, dY, div(g, node.output(), b))) : null];
};

// dA = dY * B * A^(B-1), 0 where B = 0; dB = dY * Y * log A, 0 where A = 0 and B >= 0
export const Pow: Rule = ({ g, node, dY, needs }) => {
  const [a, b] = [node.input(0), node.input(1)];
  const exponent = g.constantOf(b);
  const power = exponent?.data.length === 1 ? toNumbers(exponent)[0] : undefined;
  const derivative = () => mul(g, b, g.op('Pow', [a, sub(g, b, g.scalar(1))]));
  const dA = () => {
    if (power === 2) return mul(g, dY, scale(g, a, 2));
    return mul(g, dY, power ? derivative() : zeroWhere(g, equalsZero(g, b), derivative()));
  };
  const dB = () => {
    const vanishes = g.op('And', [equalsZero(g, a), g.op('GreaterOrEqual', [b, g.scalar(0)])]);
    return mul(g, dY, zeroWhere(g, vanishes, mul(g, node.output(), g.op('Log', [a]))));
  };
  return [needs(0) ? dA() : null, needs(1) ? dB() : null];
};

// dX = dY for every input
export const Sum: Rule = ({ node, dY }) => node.inputs.map(() => dY);

// dX = -dY
export const Neg: Rule = ({ g, dY }) => [neg(g, dY)];

// dX = dY * Y
export const Exp: Rule = ({ g, node, dY }) => [mul(g, dY, node.output())];

// dX = dY / X
export const Log: Rule = ({ g, node, dY }) => [div(g, dY, node.input(0))];

// dX = dY / (2 Y)
export const Sqrt: Rule = ({ g, node, dY }) => [div(g, dY, scale(g, node.output(), 2))];

// dX = -dY * Y^2
export const Reciprocal: Rule = ({ g, node, dY }) => [neg(g, mul(g, dY, mul(g, node.output(), node.output())))];

// dX = dY * sign(X)
export const Abs: Rule = ({ g, node, dY }) => [mul(g, dY, g.op('Sign', [node.input(0)]))];

export const Identity: Rule = ({ dY }) => [dY];

// dX = dY, cast back
export const Cast: Rule = ({ g, node, dY }) => {
  const { dtype } = node.input(0);
  if (!dtype.startsWith('float')) return [null];
  return [dtype === dY.dtype ? dY : g.op('Cast', [dY], { to: dtype === 'float64' ? 11 : 1 })];
};

// dA = dY where the condition holds, dB = dY elsewhere: chosen, not multiplied, as what is not chosen may be infinite
export const Where: Rule = ({ g, node, dY, needs }) => {
  const [condition, zero] = [node.input(0), g.scalar(0)];
  const dA = () => g.op('Where', [condition, dY, zero]);
  return [null, needs(1) ? dA() : null, needs(2) ? zeroWhere(g, condition, dY) : null];
};

/** The gradient of a two-input extremum goes to the winner, half to each at a tie (PyTorch's maximum, minimum). */
const extremum: Rule = ({ g, node, dY }) => {
  if (node.inputs.length !== 2) node.fail('inputs', 'two, to be differentiated', String(node.inputs.length));
  const y = node.output();
  const [a, b] = mapTuple([0, 1], (i) => indicator(g, g.op('Equal', [node.input(i), y])));
  const share = div(g, dY, add(g, a, b));
  return [mul(g, share, a), mul(g, share, b)];
};

export const Max = extremum;
export const Min = extremum;

export const Sign = notDifferentiable;
export const Floor = notDifferentiable;
export const Ceil = notDifferentiable;
export const Not = notDifferentiable;
export const And = notDifferentiable;
export const Or = notDifferentiable;
export const Equal = notDifferentiable;
export const Less = notDifferentiable;
export const LessOrEqual = notDifferentiable;
export const Greater = notDifferentiable;
export const GreaterOrEqual = notDifferentiable;
