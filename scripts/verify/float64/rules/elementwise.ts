import { broadcastShapes } from '../../../../src/graph/node/dim.js';
import type { Operator } from '../base/operator.js';
import { type Float64Tensor, map, offsets, pick, stridesOf } from '../base/tensor.js';

const FLOAT = 1;

const unary =
  (f: (x: number) => number): Operator =>
  (_node, [x]) => [map(x as Float64Tensor, f)];

const binary =
  (f: (a: number, b: number) => number): Operator =>
  (node, inputs) => {
    const [a, b] = inputs as readonly [Float64Tensor, Float64Tensor];
    const dims = (broadcastShapes([a.dims, b.dims]) ?? node.fail('inputs that broadcast')) as number[];
    const right = broadcast(b, dims).data;
    return [map(broadcast(a, dims), (value, i) => f(value, right[i] as number))];
  };

/** Folds any number of inputs with an operator of two. */
const folded =
  (operator: Operator): Operator =>
  (node, [first, ...others], kinks) => [
    others.reduce((left, right) => operator(node, [left, right], kinks)[0], first) as Float64Tensor,
  ];

export const Add = binary((a, b) => a + b);
export const Sub = binary((a, b) => a - b);
export const Mul = binary((a, b) => a * b);
export const Div = binary((a, b) => a / b);
export const Pow = binary((a, b) => a ** b);
export const Sum = folded(Add);
export const Max = folded(binary(Math.max));
export const Equal = binary((a, b) => Number(a === b));
export const Less = binary((a, b) => Number(a < b));
export const Greater = binary((a, b) => Number(a > b));
export const GreaterOrEqual = binary((a, b) => Number(a >= b));

export const Mean: Operator = (node, inputs, kinks) => {
  const [sum] = Sum(node, inputs, kinks) as [Float64Tensor];
  return [map(sum, (value) => value / inputs.length)];
};

export const Neg = unary((x) => -x);
export const Abs = unary(Math.abs);
export const Sign = unary(Math.sign);
export const Exp = unary(Math.exp);
export const Sqrt = unary(Math.sqrt);
export const Detach: Operator = (_node, [x]) => [x as Float64Tensor];

/** To float only. */
export const Cast: Operator = (node, [x]) => {
  if (node.number('to') !== FLOAT) node.fail('attribute to', `${FLOAT} (float)`, `${node.number('to')}`);
  return [x as Float64Tensor];
};

export const Expand: Operator = (node, inputs) => {
  const [x, sizes] = inputs as readonly [Float64Tensor, Float64Tensor];
  const dims = broadcastShapes([x.dims, [...sizes.data]]) ?? node.fail('a shape that X broadcasts to');
  return [broadcast(x, dims as number[])];
};

/** Repeats a tensor along the axes that `dims` adds or stretches. */
function broadcast(x: Float64Tensor, dims: readonly number[]): Float64Tensor {
  if (x.dims.length === dims.length && x.dims.every((size, axis) => size === dims[axis])) return x;
  const aligned = [...new Array<number>(dims.length - x.dims.length).fill(1), ...x.dims];
  const strides = stridesOf(aligned).map((stride, axis) => (aligned[axis] === 1 ? 0 : stride));
  return pick(x, offsets(dims, strides), dims);
}
