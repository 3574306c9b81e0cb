import { broadcastShapes, formatShape, sameShape } from '../../node/dim.js';
import type { InferRule } from '../../node/infer-rule.js';

/** Output like the first input. */
const sameAsInput: InferRule = ({ node }) => ({ dtype: node.input(0).dtype, shape: node.input(0).shape });

export const Relu = sameAsInput;
export const LeakyRelu = sameAsInput;
export const Clip = sameAsInput;
export const Sigmoid = sameAsInput;
export const HardSigmoid = sameAsInput;
export const HardSwish = sameAsInput;
export const Tanh = sameAsInput;
export const Gelu = sameAsInput;
export const Erf = sameAsInput;
export const Elu = sameAsInput;
export const Softplus = sameAsInput;
export const Softmax = sameAsInput;
export const LogSoftmax = sameAsInput;
export const LRN = sameAsInput;
export const Selu = sameAsInput;
export const Celu = sameAsInput;
export const Mish = sameAsInput;
export const Softsign = sameAsInput;
export const ThresholdedRelu = sameAsInput;
export const MeanVarianceNormalization = sameAsInput;

/** The slope broadcasts to the input, not the other way round. */
export const PRelu: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  const result = broadcastShapes([shape, node.input(1).shape]);
  if (!result || !sameShape(result, shape)) {
    node.fail('slope', `a shape that broadcasts to ${formatShape(shape)}`, formatShape(node.input(1).shape));
  }
  return { dtype, shape };
};

export const Dropout: InferRule = ({ node, outputs }) => {
  const { dtype, shape } = node.input(0);
  return [
    { dtype, shape },
    { dtype: 'bool' as const, shape },
  ].slice(0, outputs);
};
