/**
 * Training image classifiers in competition on ONNX Runtime: data sets, runs and what comes out of them.
 *
 * A run: {@link parseSettings}, {@link prepareRunFolder}, {@link startTraining}. Its results: {@link evaluateRun},
 * {@link exportRun}, {@link predictImages}, {@link readLineage}. Training artifacts: {@link createArtifact}, {@link openArtifact}.
 * Networks as graphs are in `agon/graph`, model files in `agon/onnx`.
 *
 * @module agon
 */
export {
  type ArtifactContent,
  type ArtifactNetwork,
  type ArtifactOptions as CreateArtifactOptions,
  createArtifact,
} from './artifacts/create.js';
export { readForward as readArtifactNetwork } from './artifacts/forward.js';
export type { ImageShape as ImportedImageShape } from './artifacts/imported-network.js';
export type { Manifest as ArtifactManifest, NetworkEntry as ArtifactNetworkEntry } from './artifacts/manifest.js';
export { type Artifact, openArtifact } from './artifacts/read.js';
export type { StepPlan as ArtifactStep } from './artifacts/step-file.js';
export { writeArtifact } from './artifacts/write.js';
export { zooNetworks as artifactNetworks } from './artifacts/zoo.js';
export type { SeenImage } from './data/check/image-check.js';
export type {
  Dataset,
  DatasetKind,
  ImageFiles as DatasetImageFiles,
  ImageSource as DatasetImageSource,
  PackedImages as DatasetPackedImages,
  Pixels as ImagePixels,
  Size as ImageSize,
  SkippedFile,
  Split as DatasetSplit,
  SplitName as DatasetSplitName,
  StoredImage,
} from './data/dataset/dataset.js';
export {
  type DatasetSummary,
  type Range as ImageSizeRange,
  summarise as summariseDataset,
} from './data/dataset/summary.js';
export type { BuiltinOptions as BuiltinDatasetOptions } from './data/formats/builtin.js';
export { type OpenOptions as OpenDatasetOptions, openDataset } from './data/formats/open.js';
export type { Preprocessing } from './data/image/preprocess.js';
export type {
  ParameterOperation,
  PlannedPerturbation as ParameterPerturbation,
} from './distill/mutation.js';
export type { Trial as PerturbationTrial, Verdict as PerturbationVerdict } from './distill/trial.js';
export type { EvaluationDetails, SubjectDetails as EvaluationSubjectDetails } from './evaluate/details.js';
export {
  evaluateModel,
  type ModelEvaluation,
  type ModelEvaluationOptions as EvaluateModelOptions,
} from './evaluate/evaluate-model.js';
export {
  type EvaluateOptions as EvaluateRunOptions,
  evaluateRun,
  type RunEvaluation,
} from './evaluate/evaluate-run.js';
export {
  type FilePrediction,
  type ImageClassifier,
  openImageClassifier,
  type Prediction as ClassPrediction,
  type PredictOptions as PredictImagesOptions,
} from './evaluate/image-classifier.js';
export type { ImageInput } from './evaluate/image-inputs.js';
export { predictImages } from './evaluate/predict.js';
export type { Evaluation, GroupEvaluation } from './events/evaluation.js';
export type * from './events/events.js';
export type { Origin as RunOrigin } from './events/origin-schema.js';
export type { Conversion as ModelConversion, ConversionOptions } from './export/conversion.js';
export {
  type Exported as ExportedModel,
  type ExportOptions as ExportRunOptions,
  exportRun,
  type ModelInput as ExportedModelInput,
} from './export/export-run.js';
export type { PrecisionLoss } from './export/measure-loss.js';
export type { Precision as ModelPrecision, PrecisionFacts } from './export/precision.js';
export { settingsFrom as settingsFromRun } from './group/origin.js';
export type { LineageStep } from './lineage/lineage.js';
export { type Lineage, readLineage } from './lineage/lineage-file.js';
export { type LineagePart, type LineageSummary, summariseLineage } from './lineage/lineage-summary.js';
export type { ClassScores } from './metrics/class-scores.js';
export type { ConfusionCell } from './metrics/confusion.js';
export type { ReliabilityBin } from './metrics/reliability.js';
export { exportOrtTraining, type OrtExportOptions as ExportOrtTrainingOptions } from './ort-training/files/export.js';
export { importOrtTraining, type OrtImportOptions as ImportOrtTrainingOptions } from './ort-training/files/import.js';
export type { Rates as LearningRates } from './ort-training/files/rates.js';
export { type StartOptions as StartTrainingOptions, startTraining, type TrainingRun } from './run/run.js';
export { type Device, parseDevice } from './runtime/device.js';
export type {
  Chosen as ChosenForms,
  ChosenTarget,
  DeviceKind,
  Environment as DeviceEnvironment,
  Rounding as DeviceRounding,
  TargetOptions as ChooseTargetOptions,
} from './runtime/device-kind.js';
export { Predictor as ModelPredictor } from './runtime/predictor.js';
export type { Feeds as TensorFeeds } from './runtime/session.js';
export type { Burst as TrainingBurst, StepRunner as TrainingStepRunner } from './runtime/step-runner.js';
export {
  type StatefulGraph,
  Stepper as TrainingStepper,
  type StepperOptions as TrainingStepperOptions,
} from './runtime/stepping/stepper.js';
export type { PresetDifference } from './settings/presets.js';
export {
  parseRequested,
  parseSettings,
  type RequestedSettings,
  type Settings,
  type SettingsInput,
  settingsSchema,
} from './settings/settings.js';
export { type BenchOptions, type BenchReport, benchModel } from './speed/bench.js';
export type { Cell as BenchCell } from './speed/cell.js';
export type { Timing as BenchTiming } from './speed/timing.js';
export { type Checkpoint, readCheckpoint } from './store/checkpoint.js';
export { RUN_FILES } from './store/run-files.js';
export { prepareRunFolder, type RunPaths, readRunSettings, runPaths } from './store/run-folder.js';
export { AgonError, type ErrorCode as AgonErrorCode, type ErrorDetail as AgonErrorDetail } from './util/error.js';
