import type { Loader } from '../data/batch/loader.js';
import type { SplitName } from '../data/dataset/dataset.js';
import { buildStep, networkPrefix, type StepGraph } from '../distill/step.js';
import type { StepPlan } from '../distill/step-options.js';
import type { Emit } from '../events/events.js';
import type { Graph } from '../graph/graph.js';
import { type Group, initialParameters, planStep, trainedGraphs } from '../group/group.js';
import { cutHeads, parametersOf, planHeadStep } from '../group/heads.js';
import { openPredictors } from '../group/sessions.js';
import { takePixels } from '../lower/pixel-images.js';
import type { Tensor } from '../onnx/tensor.js';
import { deviceOf } from '../runtime/device.js';
import type { Predictor } from '../runtime/predictor.js';
import { preparesOnDevice } from '../settings/augmentation.js';
import { classWeightsOf } from '../settings/class-weights.js';
import type { Settings } from '../settings/settings.js';
import type { Span } from '../settings/spans.js';
import type { Checkpoint } from '../store/checkpoint.js';
import { present } from '../util/error.js';
import type { NetworkBatch, TrainingBatch } from './batch-inputs.js';
import { evaluationLoader, movesOf, pixelLoader, type RunData, trainingLoader } from './data.js';
import { Backbone } from './features/backbone.js';
import { openFeatures } from './features/open-features.js';
import { type FrozenTeacher, openTeacher } from './frozen-teacher.js';
import { checkStop, stoppable } from './stop.js';

/** A run whose inputs are opened. */
export interface InputOptions {
  readonly settings: Settings;
  readonly data: RunData;
  readonly group: Group;
  /** What the run goes on from. */
  readonly resumed: Checkpoint | undefined;
  readonly emit: Emit;
  readonly stopRequested: () => boolean;
}

/** What the networks of a run are fed for some epochs, and the step that is built for it. */
export interface RunInputs {
  readonly step: StepGraph;
  /** What the step is built from. */
  readonly plan: StepPlan;
  /** The networks with what of them is trained. */
  readonly trained: readonly Graph[];
  /** Tensors of the networks that the step doesn't know. */
  readonly fixed: ReadonlyMap<string, Tensor>;
  readonly training: Loader<TrainingBatch>;
  /** All images of a split that there is; its epochs end with an error where a stop is asked for. */
  readonly evaluation: (split: Exclude<SplitName, 'train'>) => Loader<NetworkBatch>;
  readonly predictors: readonly Predictor[];
  readonly teacher: FrozenTeacher | undefined;
}

/** Opens what the epochs of a span need: images, or features of the frozen backbones. */
export function openInputs(options: InputOptions, span: Span): Promise<RunInputs> {
  return span.onFeatures ? openFeatureInputs(options) : openImageInputs(options, span);
}

async function openImageInputs(
  { settings, data, group, emit, stopRequested }: InputOptions,
  { freeze }: Span,
): Promise<RunInputs> {
  const trained = { ...settings, freeze };
  const teacher = await openTeacher(settings, data);
  for (const message of teacher?.notes ?? []) emit({ type: 'warning', message });
  const { dataset, preprocessing } = data;
  const plan = planStep(group, trained, classWeightsOf(settings, dataset));
  const step = buildStep(plan.networks, plan.settings, plan.options);
  const onDevice = preparesOnDevice(settings);
  return {
    step: onDevice ? takePixels(step, { ...preprocessing, ...movesOf(data.augmentation) }) : step,
    plan,
    trained: trainedGraphs(group, trained),
    fixed: new Map(),
    training: onDevice ? pixelLoader(data, settings) : trainingLoader(data, settings),
    evaluation: (name) => {
      const split = present(dataset[name], name);
      return stoppable(evaluationLoader(split, preprocessing, settings), stopRequested);
    },
    predictors: await openPredictors(group, settings),
    teacher,
  };
}

/** Images of an evaluation on features: an operator on many takes hardly longer than on few. */
const EVALUATION_BATCH = 256;

async function openFeatureInputs(options: InputOptions): Promise<RunInputs> {
  const { settings, data, group, resumed, emit, stopRequested } = options;
  const { batchSize, seed } = settings;
  // What is wrong with them is said before features are computed, which takes long
  const classWeights = classWeightsOf(settings, data.dataset);
  const cut = cutHeads(group);
  const tensors = resumed?.tensors ?? initialParameters(group, seed);
  const backbones = cut.backbones.map((graph, i) => Backbone.of(graph, parametersOf(tensors, i)));
  let told = -1;
  const features = await openFeatures(backbones, {
    ...settings,
    ...data,
    device: deviceOf(settings),
    onDisk: settings.featureCache === 'disk',
    onProgress: (done, of) => {
      checkStop(stopRequested);
      // A hundred times at most: the log has every phase
      const part = Math.floor((100 * done) / of);
      if (part > told) emit({ type: 'phase', phase: 'features', done, of });
      told = Math.max(told, part);
    },
  });
  emit({ type: 'note', message: features.note });
  const plan = planHeadStep(cut, settings, classWeights);
  const step = buildStep(plan.networks, plan.settings, plan.options);
  const known = new Set(step.state);
  return {
    step,
    plan,
    trained: cut.heads,
    fixed: new Map(
      namesIn(group).flatMap((name) => (known.has(name) ? [] : [[name, present(tensors.get(name), name)]])),
    ),
    training: features.loader('train', { batchSize, training: { seed, balanced: settings.sampler === 'balanced' } }),
    evaluation: (name) => {
      return stoppable(features.loader(name, { batchSize: Math.max(batchSize, EVALUATION_BATCH) }), stopRequested);
    },
    predictors: await openPredictors({ ...group, graphs: cut.heads }, settings),
    teacher: undefined,
  };
}

/** The names of all parameters of a group's networks in a state. */
function namesIn({ graphs }: Group): string[] {
  return graphs.flatMap(({ parameters }, i) => [...parameters.keys()].map((name) => networkPrefix(i) + name));
}
