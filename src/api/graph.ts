/**
 * Networks and training steps as graphs, from an ONNX model and to one. Nothing here imports Node.js: it runs in a browser as well.
 *
 * {@link createNetwork} and {@link graphFromModel} give forward graphs, {@link gradients} differentiates a loss,
 * {@link buildTrainingStep} makes the step of a whole competition, {@link lowerGraph} and {@link graphToModel} turn it into an
 * ONNX model, {@link encodeModel} that into bytes.
 *
 * @module agon/graph
 */
export { gradients } from '../autodiff/gradients.js';
export { checkTrainable } from '../autodiff/trainable.js';
export {
  buildStep as buildTrainingStep,
  METRICS as STEP_METRICS,
  type Metric as StepMetric,
  networkPrefix as stepNetworkPrefix,
  nextName as nextStateName,
  type StepGraph as TrainingStep,
  type StepOptions as TrainingStepOptions,
  type StepSettings as TrainingStepSettings,
} from '../distill/step.js';
export { TEACHER_RULES, type TeacherRule } from '../distill/teachers.js';
export { Graph, type NodeOptions as GraphNodeOptions, type Parameter as GraphParameter } from '../graph/graph.js';
export {
  fromModel as graphFromModel,
  type Imported as ImportedGraph,
  type ImportOptions as GraphFromModelOptions,
} from '../graph/import/from-model.js';
export type { Initialiser as ParameterInitialiser } from '../graph/initialiser.js';
export type { InlineOptions as InlineGraphOptions, Rewrite as NodeRewrite } from '../graph/inline.js';
export type { Dim as GraphDim, Shape as GraphShape } from '../graph/node/dim.js';
export type {
  Attribute as NodeAttribute,
  Attributes as NodeAttributes,
  Node as GraphNode,
  Value as GraphValue,
} from '../graph/node/node.js';
export { printGraph } from '../graph/print.js';
export { type ModelOptions as GraphToModelOptions, toModel as graphToModel } from '../graph/to-model.js';
export { inlineForTraining, type TrainingForm } from '../graph/training-form.js';
export { verifyGraph } from '../graph/verify/verify.js';
export type { FeatureReduction } from '../losses/feature-mse.js';
export type { Choose as ChooseForm, Form as BlockedForm, FormChoice } from '../lower/cpu/blocked/forms.js';
export { cpu as cpuTarget } from '../lower/cpu/cpu.js';
export { lower as lowerGraph } from '../lower/lower.js';
export { portable as portableTarget } from '../lower/portable/portable.js';
export type { Body as LoweringBody, Target as LoweringTarget } from '../lower/target.js';
export { initialiseParameters } from '../nets/initialise.js';
export type { MobileNetV2Spec } from '../nets/mobilenet-v2.js';
export type { MobileNetV3Spec } from '../nets/mobilenet-v3.js';
export { createNetwork, NETWORKS, type NetworkInput, type NetworkSpec } from '../nets/registry.js';
export type { ResNetSpec } from '../nets/resnet.js';
export type { ResNetCifarSpec } from '../nets/resnet-cifar.js';
export { countMultiplyAdds, countParameters } from '../nets/summary.js';
export type { WideResNetSpec } from '../nets/wide-resnet.js';
export type { ModelProto } from '../onnx/model.js';
export { decodeModel, encodeModel } from '../onnx/model-bytes.js';
export {
  type DType,
  type Tensor,
  type TensorData,
  tensor as createTensor,
  toNumbers as tensorToNumbers,
} from '../onnx/tensor.js';
export {
  type AdamWSettings,
  createOptimizer,
  type Optimizer,
  type OptimizerSettings,
  type SgdSettings,
  type Updated as OptimizerUpdate,
} from '../optim/optimizer.js';
export {
  beginPlateau,
  nextPlateau,
  type PlateauSettings,
  type PlateauState,
} from '../optim/plateau.js';
export {
  learningRateAt,
  type Schedule as LearningRateSchedule,
  type ScheduleSettings as LearningRateSettings,
} from '../optim/schedule.js';
export type { Skips as OptimizerSkips } from '../optim/skips.js';
export { AgonError, type ErrorDetail as AgonErrorDetail } from '../util/error.js';
