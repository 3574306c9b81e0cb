import type { Operator } from '../base/operator.js';
import { type Float64Tensor, map } from '../base/tensor.js';
import { Mul } from './elementwise.js';

const each =
  (f: (x: number) => number): Operator =>
  (_node, [x]) => [map(x as Float64Tensor, f)];

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export const Sigmoid = each((x) => 1 / (1 + Math.exp(-x)));
export const Tanh = each(Math.tanh);
export const Softplus = each(softplus);
export const Softsign = each((x) => x / (1 + Math.abs(x)));
export const Mish = each((x) => x * Math.tanh(softplus(x)));

export const ThresholdedRelu: Operator = (node, [x]) => {
  const alpha = node.number('alpha', 1);
  return [map(x as Float64Tensor, (value) => (value > alpha ? value : 0))];
};

export const Selu: Operator = (node, [x]) => {
  const [alpha, gamma] = [node.number('alpha', 1.6732631921768188), node.number('gamma', 1.0507010221481323)];
  return [map(x as Float64Tensor, (value) => gamma * (value > 0 ? value : alpha * Math.expm1(value)))];
};

export const Celu: Operator = (node, [x]) => {
  const alpha = node.number('alpha', 1);
  return [map(x as Float64Tensor, (value) => (value > 0 ? value : alpha * Math.expm1(value / alpha)))];
};

/** (X, slope) -> Y. */
export const PRelu: Operator = (node, inputs, kinks) => {
  const x = inputs[0] as Float64Tensor;
  const [sloped] = Mul(node, inputs, kinks) as [Float64Tensor];
  return [map(x, (value, i) => (value > 0 ? value : (sloped.data[i] as number)))];
};
