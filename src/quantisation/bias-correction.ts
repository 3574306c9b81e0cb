import { float32Data, type Tensor } from '../onnx/tensor.js';
import { at } from '../util/checked.js';
import type { ChannelWeights } from './affine.js';
import { attributeOf } from './nodes.js';
import type { WeightedNode } from './plan.js';

/**
 * How far rounding its weights moves the mean of each output channel of a node: sum of (w - scale q) * mean of the input channel that w
 * multiplies. Added to the bias it brings the means back (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
 * Correction"; the means are of the calibration images, borders count as the rest).
 *
 * @param means - Of each channel of the node's input.
 */
export function biasCorrection(
  { node, axis }: WeightedNode,
  weights: Tensor,
  { quantised, scales }: ChannelWeights,
  means: Float64Array,
): Float64Array {
  const { dims } = weights;
  const channels = at(dims, axis);
  const perOutput = at(dims, 1 - axis);
  const inner = dims.slice(2).reduce((a, b) => a * b, 1);
  const groups = node.opType === 'Conv' ? (attributeOf(node, 'group')?.i ?? 1) : 1;
  const data = float32Data(weights);
  const moved = new Float64Array(channels);
  for (const [i, weight] of data.entries()) {
    const [row, column] = [Math.floor(i / (inner * at(dims, 1))), Math.floor(i / inner) % at(dims, 1)];
    const [k, c] = axis === 0 ? [row, column] : [column, row];
    const input = Math.floor(k / (channels / groups)) * perOutput + c;
    moved[k] = at(moved, k) + (weight - at(scales, k) * at(quantised.data, i)) * at(means, input);
  }
  return moved;
}
