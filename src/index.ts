/**
 * Agon: training image classifiers in competition on ONNX Runtime.
 *
 * Runs: {@link parseSettings}, {@link prepareRunFolder}, {@link startTraining}; their results: {@link evaluateRun},
 * {@link exportRun}, {@link predictImages}. Beneath them: networks as graphs, gradients, the competition step, lowering.
 *
 * @packageDocumentation
 */
export {
  type ArtifactContent,
  type ArtifactNetwork,
  type ArtifactOptions,
  createArtifact,
} from './artifacts/create.js';
export { readForward } from './artifacts/forward.js';
export type { Manifest } from './artifacts/manifest.js';
export { type Artifact, openArtifact } from './artifacts/read.js';
export { writeArtifact } from './artifacts/write.js';
export { zooNetworks } from './artifacts/zoo.js';
export { gradients } from './autodiff/gradients.js';
export { checkTrainable } from './autodiff/trainable.js';
export type { Dataset, Pixels, Split, SplitName } from './data/dataset/dataset.js';
export { type DatasetSummary, summarise } from './data/dataset/summary.js';
export { type OpenOptions, openDataset } from './data/formats/open.js';
export type { Preprocessing } from './data/image/preprocess.js';
export {
  buildStep,
  METRICS,
  networkPrefix,
  nextName,
  type StepGraph,
  type StepOptions,
  type StepSettings,
} from './distill/step.js';
export { TEACHER_RULES, type TeacherRule } from './distill/teachers.js';
export { evaluateModel, type ModelEvaluation, type ModelEvaluationOptions } from './evaluate/evaluate-model.js';
export { type EvaluateOptions, evaluateRun, type RunEvaluation } from './evaluate/evaluate-run.js';
export { type FilePrediction, type Prediction, type PredictOptions, predictImages } from './evaluate/predict.js';
export type * from './events/events.js';
export { type Exported, type ExportOptions, exportRun } from './export/export-run.js';
export { Graph, type Parameter } from './graph/graph.js';
export { fromModel, type Imported, type ImportOptions } from './graph/import/from-model.js';
export type { Initialiser } from './graph/initialiser.js';
export type { Attributes, Node, Value } from './graph/node/node.js';
export { printGraph } from './graph/print.js';
export { type ModelOptions, toModel } from './graph/to-model.js';
export { inlineForTraining, type TrainingForm } from './graph/training-form.js';
export { verifyGraph } from './graph/verify/verify.js';
export { settingsFrom } from './group/origin.js';
export type { LineageStep } from './lineage/lineage.js';
export { type Lineage, readLineage } from './lineage/lineage-file.js';
export { type LineageSummary, summariseLineage } from './lineage/lineage-summary.js';
export { cpu } from './lower/cpu/cpu.js';
export { lower } from './lower/lower.js';
export { portable } from './lower/portable/portable.js';
export type { Body, Target } from './lower/target.js';
export { initialiseParameters } from './nets/initialise.js';
export { createNetwork, NETWORKS, type NetworkInput, type NetworkSpec } from './nets/registry.js';
export { countMultiplyAdds, countParameters } from './nets/summary.js';
export { decodeModel, encodeModel, readModelFile, writeModelFile } from './onnx/file.js';
export { encodeSafetensors, readSafetensors, type Safetensors } from './onnx/safetensors.js';
export { type DType, type Tensor, type TensorData, tensor, toNumbers } from './onnx/tensor.js';
export { createOptimizer, type Optimizer, type OptimizerSettings } from './optim/optimizer.js';
export { learningRateAt, type Schedule, type ScheduleSettings } from './optim/schedule.js';
export { exportOrtTraining, type OrtExportOptions } from './ort-training/files/export.js';
export { importOrtTraining, type OrtImportOptions } from './ort-training/files/import.js';
export { type StartOptions, startTraining, type TrainingRun } from './run/run.js';
export { type Device, parseDevice } from './runtime/device.js';
export { Predictor } from './runtime/predictor.js';
export { type StatefulGraph, Stepper, type StepperOptions } from './runtime/stepper.js';
export { parseSettings, type Settings, type SettingsInput, settingsSchema } from './settings/settings.js';
export { type Checkpoint, readCheckpoint } from './store/checkpoint.js';
export { prepareRunFolder, readRunSettings, runPaths } from './store/run-folder.js';
export { AgonError } from './util/error.js';
