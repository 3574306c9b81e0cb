import { type NoGradient, noRule } from '../rule/rule.js';

/** Operators without a rule, by name, with the reason that they share. */
const because = (reason: string, ...operators: readonly string[]): Readonly<Record<string, NoGradient>> =>
  Object.fromEntries(operators.map((operator) => [operator, noRule(reason)]));

const SECOND = 'it is itself part of a backward pass, and gradients of gradients are not built';
const FUSED = 'it is one of ONNX Runtime’s own: take the model as it was before ONNX Runtime optimised it';

/** ONNX's own operators: no classifier that common exporters write computes its logits through these. */
export const ONNX = {
  ...because('its gradient at a zero is the product of all others: write it as Mul', 'ReduceProd'),
  ...because('no common classifier has it: write it as Pow and AveragePool', 'LpPool'),
  ...because('no common classifier has it: write it as ReduceMean, Sub, Sqrt and Div', 'MeanVarianceNormalization'),
  ...because('no common classifier has it', 'ScatterElements'),
  ...because(SECOND, 'MaxPoolGrad', 'AveragePoolGrad'),
};

/** Agon's own. */
export const SEMANTIC = because(
  SECOND,
  'AveragePoolGrad',
  'BatchNormTrainingGrad',
  'ClipGrad',
  'ConvInputGrad',
  'ConvWeightGrad',
  'MaxPoolGrad',
  'ReluGrad',
);

/** ONNX Runtime's. */
export const RUNTIME = {
  ...because(FUSED, 'FusedMatMul'),
  ...because(
    'it updates running statistics where they are: only Agon’s own form is differentiated',
    'BatchNormInternal',
  ),
  ...because(SECOND, 'BatchNormalizationGrad', 'ConvGrad', 'InPlaceAccumulatorV2', 'ReluGrad'),
};

/** ONNX Runtime's channel-blocked ones: a lowered graph is differentiated before it is lowered. */
export const BLOCKED = because(
  'it is what a lowering makes: differentiate the graph before it is lowered',
  'Conv',
  'GlobalAveragePool',
  'MaxPool',
  'ReorderInput',
  'ReorderOutput',
);
