import { normaliseAxis } from '../axes.js';
import { checkPerChannel } from '../channels.js';
import type { InferRule } from '../infer.js';

/** Inputs X, scale, B. */
export const InstanceNormalization: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  checkPerChannel(node, 3);
  return { dtype, shape };
};

/** Inputs X, scale, B; outputs Y and, with the normalised axes of size 1, mean and inverse deviation. */
export const LayerNormalization: InferRule = ({ node, outputs }) => {
  const { dtype, shape } = node.input(0);
  const axis = normaliseAxis(node, node.number('axis', -1), shape.length);
  const statistics = { dtype: 'float32' as const, shape: shape.map((dim, i) => (i < axis ? dim : 1)) };
  return [{ dtype, shape }, statistics, statistics].slice(0, outputs);
};
