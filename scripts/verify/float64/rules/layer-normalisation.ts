import { normaliseAxis } from '../../../../src/graph/node/axes.js';
import { elementCount } from '../../../../src/onnx/tensor.js';
import type { Operator } from '../base/operator.js';
import { around, type Float64Tensor, float64, map, withDims } from '../base/tensor.js';
import { Add, Mul } from './elementwise.js';

/** (X, scale, bias) -> Y: each row of the last axes normalised, times scale, plus bias. */
export const LayerNormalization: Operator = (node, [given, scale, bias], kinks) => {
  const x = given as Float64Tensor;
  const axis = normaliseAxis(node, node.number('axis', -1), x.dims.length);
  const normal = normalRows(x, elementCount(x.dims.slice(axis)), node.number('epsilon', 1e-5));
  const [scaled] = Mul(node, [normal, scale], kinks);
  return bias ? Add(node, [scaled, bias], kinks) : [scaled as Float64Tensor];
};

/** (X [N, C, ...], scale [C], bias [C]) -> Y: each channel of each image normalised, times scale, plus bias. */
export const InstanceNormalization: Operator = (node, [given, scale, bias], kinks) => {
  const x = given as Float64Tensor;
  const normal = normalRows(x, elementCount(x.dims.slice(2)), node.number('epsilon', 1e-5));
  const [perScale, perBias] = [scale, bias].map((each) => perChannel(each as Float64Tensor, x.dims));
  const [scaled] = Mul(node, [normal, perScale], kinks);
  return Add(node, [scaled, perBias], kinks);
};

/** X / (bias + alpha * mean of the squares of `size` channels around, zeros outside)^beta. */
export const LRN: Operator = (node, [given]) => {
  const x = given as Float64Tensor;
  const size = node.number('size');
  const [alpha, beta, bias] = [node.number('alpha', 1e-4), node.number('beta', 0.75), node.number('bias', 1)];
  const { size: channels, after } = around(x.dims, 1);
  return [
    map(x, (value, i) => {
      const channel = Math.floor(i / after) % channels;
      let squares = 0;
      for (let d = -Math.floor((size - 1) / 2); d <= Math.ceil((size - 1) / 2); d++) {
        if (channel + d >= 0 && channel + d < channels) squares += (x.data[i + d * after] as number) ** 2;
      }
      return value / (bias + (alpha * squares) / size) ** beta;
    }),
  ];
};

/** Runs of `length` numbers, less their mean, over the root of their variance + epsilon. */
function normalRows(x: Float64Tensor, length: number, epsilon: number): Float64Tensor {
  const result = float64(x.dims);
  for (let start = 0; start < x.data.length; start += length) {
    const row = x.data.subarray(start, start + length);
    const mean = row.reduce((sum, value) => sum + value, 0) / length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length;
    result.data.set(
      row.map((value) => (value - mean) / Math.sqrt(variance + epsilon)),
      start,
    );
  }
  return result;
}

function perChannel(value: Float64Tensor, dims: readonly number[]): Float64Tensor {
  return withDims(value, [...value.dims, ...dims.slice(2).map(() => 1)]);
}
