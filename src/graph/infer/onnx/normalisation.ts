import { normaliseAxis } from '../../node/axes.js';
import { checkPerChannel } from '../../node/channels.js';
import { broadcastShapes, formatShape, type Shape, sameShape } from '../../node/dim.js';
import type { InferRule } from '../../node/infer-rule.js';
import type { Node } from '../../node/node.js';

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
  for (const value of node.inputs.slice(1)) if (value) checkBroadcasts(node, value.shape, shape.slice(axis));
  const statistics = { dtype: 'float32' as const, shape: shape.map((dim, i) => (i < axis ? dim : 1)) };
  return [{ dtype, shape }, statistics, statistics].slice(0, outputs);
};

function checkBroadcasts(node: Node, shape: Shape, target: Shape): void {
  const result = broadcastShapes([shape, target]);
  if (!result || !sameShape(result, target))
    node.fail('scale and bias', `shapes that broadcast to ${formatShape(target)}`, formatShape(shape));
}
