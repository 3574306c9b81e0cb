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
export { exportOrtTraining, type OrtExportOptions } from './artifacts/ort-training/export.js';
export { importOrtTraining, type OrtImportOptions } from './artifacts/ort-training/import.js';
export { type Artifact, openArtifact } from './artifacts/read.js';
export { writeArtifact } from './artifacts/write.js';
export { zooNetworks } from './artifacts/zoo.js';
export { gradients } from './autodiff/gradients.js';
export { checkTrainable } from './autodiff/trainable.js';
export type { Dataset, Pixels, Split, SplitName } from './data/dataset.js';
export { type OpenOptions, openDataset } from './data/open.js';
export type { Preprocessing } from './data/preprocess.js';
export { type DatasetSummary, summarise } from './data/summary.js';
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
export { type Exported, type ExportOptions, exportRun } from './export/export-run.js';
export { type FilePrediction, type Prediction, type PredictOptions, predictImages } from './export/predict.js';
export { fromModel, type Imported, type ImportOptions } from './graph/from-model.js';
export { Graph, type Parameter } from './graph/graph.js';
export type { Initialiser } from './graph/initialiser.js';
export type { Attributes, Node, Value } from './graph/node.js';
export { printGraph } from './graph/print.js';
export { type ModelOptions, toModel } from './graph/to-model.js';
export { inlineForTraining, type TrainingForm } from './graph/training-form.js';
export { verifyGraph } from './graph/verify.js';
export { cpu } from './lower/cpu.js';
export { lower } from './lower/lower.js';
export { portable } from './lower/portable.js';
export type { Body, Target } from './lower/target.js';
export { initialiseParameters } from './nets/initialise.js';
export { createNetwork, NETWORKS, type NetworkInput, type NetworkSpec } from './nets/registry.js';
export { countMultiplyAdds, countParameters } from './nets/summary.js';
export { decodeModel, encodeModel, readModelFile, writeModelFile } from './onnx/file.js';
export { encodeSafetensors, readSafetensors, type Safetensors } from './onnx/safetensors.js';
export { type DType, type Tensor, type TensorData, tensor, toNumbers } from './onnx/tensor.js';
export { createOptimizer, type Optimizer, type OptimizerSettings } from './optim/optimizer.js';
export { learningRateAt, type Schedule, type ScheduleSettings } from './optim/schedule.js';
export { type Device, parseDevice } from './runtime/device.js';
export { Predictor } from './runtime/predictor.js';
export { type StatefulGraph, Stepper, type StepperOptions } from './runtime/stepper.js';
export { type Checkpoint, readCheckpoint } from './train/checkpoint.js';
export { evaluateModel, type ModelEvaluation, type ModelEvaluationOptions } from './train/evaluate-model.js';
export { type EvaluateOptions, evaluateRun, type RunEvaluation } from './train/evaluate-run.js';
export type * from './train/events.js';
export type { LineageStep } from './train/lineage.js';
export { type Lineage, readLineage } from './train/lineage-file.js';
export { type LineageSummary, summariseLineage } from './train/lineage-summary.js';
export { settingsFrom } from './train/origin.js';
export { type StartOptions, startTraining, type TrainingRun } from './train/run.js';
export { prepareRunFolder, readRunSettings, runPaths } from './train/run-folder.js';
export { parseSettings, type Settings, type SettingsInput, settingsSchema } from './train/settings.js';
export { AgonError } from './util/error.js';
