import type { Operator } from '../base/operator.js';
import { around, type Float64Tensor, float64, map } from '../base/tensor.js';

type Three = readonly [Float64Tensor, Float64Tensor, Float64Tensor];
type Five = readonly [...Three, Float64Tensor, Float64Tensor];

/** (X, scale, bias) -> Y, and per channel: batch mean, biased batch variance, 1 / sqrt(variance + epsilon). */
export const BatchNormTraining: Operator = (node, inputs) => {
  const [x, scale, bias] = inputs as Three;
  const mean = channelMeans(x, (i) => at(x, i));
  const variance = channelMeans(x, (i, c) => (at(x, i) - at(mean, c)) ** 2);
  const inverse = inverseDeviation(variance, node.number('epsilon', 1e-5));
  const y = perElement(x, (i, c) => (at(x, i) - at(mean, c)) * at(inverse, c) * at(scale, c) + at(bias, c));
  return [y, mean, variance, inverse];
};

/**
 * (dY, X, scale, mean, inverse deviation r) -> dX, dScale, dBias. With x = (X - mean) r: dBias = sum dY, dScale = sum dY x,
 * dX = scale r (dY - mean dY - x mean(dY x)).
 */
export const BatchNormTrainingGrad: Operator = (_node, inputs) => {
  const [dY, x, scale, mean, inverse] = inputs as Five;
  const n = x.data.length / mean.data.length;
  const normal = perElement(x, (i, c) => (at(x, i) - at(mean, c)) * at(inverse, c));
  const shift = channelMeans(x, (i) => at(dY, i));
  const slope = channelMeans(x, (i) => at(dY, i) * at(normal, i));
  const dX = perElement(x, (i, c) => {
    return at(scale, c) * at(inverse, c) * (at(dY, i) - at(shift, c) - at(normal, i) * at(slope, c));
  });
  return [dX, map(slope, (value) => value * n), map(shift, (value) => value * n)];
};

/** Inference form: (X, scale, bias, mean, variance) -> Y. */
export const BatchNormalization: Operator = (node, inputs) => {
  const [x, scale, bias, mean, variance] = inputs as Five;
  if (node.number('training_mode', 0) === 1) node.fail('training_mode', '0', '1');
  const inverse = inverseDeviation(variance, node.number('epsilon', 1e-5));
  return [perElement(x, (i, c) => (at(x, i) - at(mean, c)) * at(inverse, c) * at(scale, c) + at(bias, c))];
};

const at = ({ data }: Float64Tensor, i: number) => data[i] as number;

const inverseDeviation = (variance: Float64Tensor, epsilon: number) =>
  map(variance, (value) => 1 / Math.sqrt(value + epsilon));

/** The mean of a term over all elements of a channel, [C]. */
function channelMeans(x: Float64Tensor, term: (i: number, channel: number) => number): Float64Tensor {
  const means = float64([x.dims[1] as number]);
  eachElement(x, (i, c) => {
    means.data[c] = at(means, c) + term(i, c);
  });
  const n = x.data.length / means.data.length;
  return map(means, (sum) => sum / n);
}

function perElement(x: Float64Tensor, term: (i: number, channel: number) => number): Float64Tensor {
  const result = float64(x.dims);
  eachElement(x, (i, c) => {
    result.data[i] = term(i, c);
  });
  return result;
}

function eachElement({ dims, data }: Float64Tensor, visit: (i: number, channel: number) => void): void {
  const { size, after } = around(dims, 1);
  for (let start = 0; start < data.length; start += after) {
    const channel = (start / after) % size;
    for (let i = start; i < start + after; i++) visit(i, channel);
  }
}
