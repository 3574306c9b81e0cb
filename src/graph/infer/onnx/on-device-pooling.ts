import type { InferRule } from '../../node/infer-rule.js';

// Operators that ONNX Runtime's on-device training, 1.19, has put into ONNX's own domain. Their outputs' sizes don't follow
// from their inputs: `input_size`, the spatial sizes of the pooling's input, tells them here and is not written to files.

/** (dY, Indices; `input_size`) -> dX of MaxPool. */
export const MaxPoolGrad: InferRule = ({ node }) => {
  const { dtype, shape } = node.input(0);
  return { dtype, shape: [...shape.slice(0, 2), ...node.numbers('input_size')] };
};

/** (dY; attributes of the AveragePool, `input_size`) -> dX. */
export const AveragePoolGrad: InferRule = MaxPoolGrad;
