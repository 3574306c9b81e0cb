import type { Graph } from '../graph/graph.js';
import { elementCount, type Tensor } from '../onnx/tensor.js';
import { at } from '../util/checked.js';

/** Mean and deviation of red, green and blue that weights were trained with. */
interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A first layer for grey images, and what the layer behind it has to take off its input for that. */
export interface GreyStem {
  /** [K, 1, kH, kW]. */
  readonly weights: Tensor;
  /** [K]: of each output, grey image less the same image in three channels, where no padding is near; 0 without a normalisation. */
  readonly shifts: Float32Array;
}

/**
 * First-layer weights [K, 3, kH, kW] for grey images, so that one gives what its three equal channels gave: their sum over the channels.
 * Where red, green and blue were normalised by m_c and s_c, grey images are by their averages m and s; then the sum is that of
 * W_c s / s_c, and the output is less by the sum of W_c (m - m_c) / s_c over channels and kernel.
 */
export function greyStem({ data }: Tensor, dims: readonly number[], normalisation?: Normalisation): GreyStem {
  const { mean, std } = normalisation?.mean.length === 3 ? normalisation : { mean: [0, 0, 0], std: [1, 1, 1] };
  const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [m, s] = [average(mean), average(std)];
  const [outputs = 0, , ...kernel] = dims;
  const area = elementCount(kernel);
  const colours = data as Float32Array;
  const weights = new Float32Array(outputs * area);
  const shifts = new Float32Array(outputs);
  for (let k = 0; k < outputs; k++) {
    let shift = 0;
    for (let i = 0; i < area; i++) {
      let sum = 0;
      for (const c of [0, 1, 2]) {
        const weight = at(colours, (k * 3 + c) * area + i);
        sum += (weight * s) / at(std, c);
        shift += (weight * (m - at(mean, c))) / at(std, c);
      }
      weights[k * area + i] = sum;
    }
    shifts[k] = -shift;
  }
  return { weights: { dtype: 'float32', dims, data: weights }, shifts };
}

/** The running mean of the norm right behind the first convolution, by name. */
export function stemMean({ nodes, parameters }: Graph): string | undefined {
  const conv = nodes.find(({ op }) => op === 'Conv');
  const norm = nodes.find(({ op, inputs }) => op === 'BatchNormalization' && conv && inputs[0] === conv.output());
  const name = norm?.inputs[3]?.name;
  return name !== undefined && parameters.has(name) ? name : undefined;
}

/** A running mean with something added to each of its numbers. */
export function shifted({ dims, data }: Tensor, by: Float32Array): Tensor {
  return { dtype: 'float32', dims, data: (data as Float32Array).map((value, k) => value + at(by, k)) };
}
