import { at } from '../../../util/checked.js';
import { checkPerChannel } from '../../node/channels.js';
import type { InferRule, Inferred } from '../../node/infer-rule.js';
import type { Value } from '../../node/node.js';

const like = ({ dtype, shape }: Value): Inferred => ({ dtype, shape });

/** (dY, W) -> dX [N, C, spatial...]; attributes of the Conv, with `input_size`: X's spatial sizes. */
export const ConvInputGrad: InferRule = ({ node }) => {
  const [dY, w] = [node.input(0), node.input(1)];
  const channels = node.size(1, 1) * node.number('group', 1);
  return { dtype: w.dtype, shape: [at(dY.shape, 0), channels, ...node.numbers('input_size')] };
};

/** (X, dY) -> dW [K, C / group, kernel...]; attributes of the Conv, `kernel_shape` included. */
export const ConvWeightGrad: InferRule = ({ node }) => {
  const { dtype } = node.input(0);
  const channels = node.size(0, 1) / node.number('group', 1);
  return { dtype, shape: [node.size(1, 1), channels, ...node.numbers('kernel_shape')] };
};

/** (X, scale, bias; epsilon) -> Y, and per channel: batch mean, biased batch variance, 1 / sqrt(variance + epsilon). */
export const BatchNormTraining: InferRule = ({ node }) => {
  checkPerChannel(node, 3);
  const [x, perChannel] = [like(node.input(0)), like(node.input(1))];
  return [x, perChannel, perChannel, perChannel];
};

/** (dY, X, scale, mean, inverse deviation) -> dX, dScale, dBias. */
export const BatchNormTrainingGrad: InferRule = ({ node }) => {
  const [x, perChannel] = [like(node.input(1)), like(node.input(2))];
  return [x, perChannel, perChannel];
};

/** (dY, Y) -> dX, with Y the output of Relu. */
export const ReluGrad: InferRule = ({ node }) => like(node.input(1));

/** (dY, Y; `min`, `max`) -> dX, with Y the output of Clip. */
export const ClipGrad: InferRule = ({ node }) => like(node.input(1));

/** (dY, X, Y; attributes of the MaxPool) -> dX. */
export const MaxPoolGrad: InferRule = ({ node }) => like(node.input(1));

/** (dY; attributes of the AveragePool, with `input_size`: X's spatial sizes) -> dX. */
export const AveragePoolGrad: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  return { dtype, shape: [...shape.slice(0, 2), ...node.numbers('input_size')] };
};

/** (X) -> X, through which no gradient flows. */
export const Detach: InferRule = ({ node }) => like(node.input(0));
