import { checkPerChannel } from '../../node/channels.js';
import type { InferRule, Inferred } from '../../node/infer-rule.js';
import type { Value } from '../../node/node.js';

// Operators of ONNX Runtime's on-device training, 1.19 (orttraining/core/graph/training_op_defs.cc), in com.microsoft.

const like = ({ dtype, shape }: Value): Inferred => ({ dtype, shape });

/** (dY, X, W; attributes of the Conv) -> dX, dW. */
export const ConvGrad: InferRule = ({ node }) => [like(node.input(1)), like(node.input(2))];

/** (X, scale, bias, running mean, running variance) -> Y, the next running mean and variance, batch mean, 1 / deviation. */
export const BatchNormInternal: InferRule = ({ node }) => {
  checkPerChannel(node, 5);
  const perChannel = like(node.input(1));
  return [like(node.input(0)), perChannel, perChannel, perChannel, perChannel];
};

/** (dY, X, scale, batch mean, 1 / deviation) -> dX, dScale, dBias. */
export const BatchNormalizationGrad: InferRule = ({ node }) => {
  const perChannel = like(node.input(2));
  return [like(node.input(1)), perChannel, perChannel];
};

/** (dY, Y) -> dX. */
export const ReluGrad: InferRule = ({ node }) => like(node.input(1));

/** (buffer, gradient, whether the buffer is overwritten: bool [1]) -> bool [1], always true. */
export const InPlaceAccumulatorV2: InferRule = () => ({ dtype: 'bool', shape: [1] });
