import type { Loader } from '../data/batch/loader.js';
import type { SplitName } from '../data/dataset/dataset.js';
import { networkPrefix, type StepGraph } from '../distill/step.js';
import type { Emit } from '../events/events.js';
import type { Graph } from '../graph/graph.js';
import { createStep, type Group, trainedGraphs } from '../group/group.js';
import { createHeadStep, cutHeads, parametersOf } from '../group/heads.js';
import type { Tensor } from '../onnx/tensor.js';
import { classWeightsOf } from '../settings/class-weights.js';
import type { Settings } from '../settings/settings.js';
import type { Span } from '../settings/spans.js';
import { imagesTensor, type NetworkBatch } from '../train/batch-inputs.js';
import { present } from '../util/error.js';
import { computePageFeatures } from './page-features.js';
import type { PageData } from './pictures/page-data.js';
import { breathing, pageEvaluationLoader, pageTrainingLoader } from './pictures/page-loader.js';
import { backboneModel, WebBackbone } from './web/web-backbone.js';
import { webDigest } from './web/web-digest.js';
import { WebPredictor } from './web/web-predictor.js';
import type { WebRuntime } from './web/web-runtime.js';

/** A page's run, whose inputs are to be opened. */
export interface PageInputOptions {
  readonly settings: Settings;
  readonly data: PageData;
  readonly group: Group;
  /** The tensors of all networks. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly runtime: WebRuntime;
  readonly digestOf: (path: string) => Promise<string>;
  readonly emit: Emit;
  readonly stopRequested: () => boolean;
}

/** What the networks of a page's run are fed for some epochs, and the step that is built for it. */
export interface PageInputs {
  readonly step: StepGraph;
  readonly trained: readonly Graph[];
  /** Tensors of the networks that the step doesn't know. */
  readonly fixed: ReadonlyMap<string, Tensor>;
  readonly training: Loader<NetworkBatch>;
  readonly evaluation: (split: Exclude<SplitName, 'train'>) => Loader<NetworkBatch>;
  readonly predictors: readonly WebPredictor[];
  /** What each network's predictor is fed for one prepared image, [channels, height, width]. */
  inputsFor(image: Float32Array): Promise<readonly Tensor[]>;
  close(): Promise<void>;
}

/** Opens what the epochs of a span need: pictures, or features of the frozen backbones. */
export function openPageInputs(options: PageInputOptions, span: Span): Promise<PageInputs> {
  return span.onFeatures ? openFeatureInputs(options) : openImageInputs(options, span);
}

async function openImageInputs(
  { settings, data, group, runtime }: PageInputOptions,
  { freeze }: Span,
): Promise<PageInputs> {
  const trained = { ...settings, freeze };
  const { dataset, preprocessing } = data;
  const predictors = await openPredictors(runtime, group.graphs);
  return {
    step: createStep(group, trained, classWeightsOf(settings, dataset)),
    trained: trainedGraphs(group, trained),
    fixed: new Map(),
    training: breathing(pageTrainingLoader(data, settings)),
    evaluation: (name) => {
      const split = present(dataset[name], name);
      return breathing(pageEvaluationLoader(data, split, settings.batchSize));
    },
    predictors,
    inputsFor: async (image) => {
      const images = imagesTensor(preprocessing, image, 1);
      return group.graphs.map(() => images);
    },
    close: () => closeAll(predictors),
  };
}

/** Pictures of an evaluation on features: an operator on many takes hardly longer than on few. */
const EVALUATION_BATCH = 256;

async function openFeatureInputs(options: PageInputOptions): Promise<PageInputs> {
  const { settings, data, group, tensors, runtime } = options;
  const { batchSize, seed } = settings;
  const cut = cutHeads(group);
  const step = createHeadStep(cut, settings, classWeightsOf(settings, data.dataset));
  const backbones = await openBackbones(runtime, cut.backbones, tensors);
  const features = await computePageFeatures(backbones, options);
  const predictors = await openPredictors(runtime, cut.heads);
  const known = new Set(step.state);
  const names = group.graphs.flatMap((graph, i) => [...graph.parameters.keys()].map((name) => networkPrefix(i) + name));
  return {
    step,
    trained: cut.heads,
    fixed: new Map(names.filter((name) => !known.has(name)).map((name) => [name, present(tensors.get(name), name)])),
    training: breathing(
      features.loader('train', { batchSize, training: { seed, balanced: settings.sampler === 'balanced' } }),
    ),
    evaluation: (name) => {
      const loader = features.loader(name, { batchSize: Math.max(batchSize, EVALUATION_BATCH) });
      return breathing(loader);
    },
    predictors,
    inputsFor: async (image) => {
      const images = imagesTensor(data.preprocessing, image, 1);
      const own = new Map<WebBackbone, Tensor>();
      for (const each of new Set(backbones)) own.set(each, await each.features(images));
      return backbones.map((each) => present(own.get(each), 'its features'));
    },
    close: () => closeAll([...predictors, ...new Set(backbones)]),
  };
}

function openPredictors(runtime: WebRuntime, graphs: readonly Graph[]): Promise<WebPredictor[]> {
  return Promise.all(graphs.map((graph) => WebPredictor.open(runtime, graph)));
}

/** A session for each backbone; equal ones share it. */
async function openBackbones(
  runtime: WebRuntime,
  graphs: readonly Graph[],
  tensors: ReadonlyMap<string, Tensor>,
): Promise<WebBackbone[]> {
  const opened = new Map<string, WebBackbone>();
  const own: WebBackbone[] = [];
  for (const [i, graph] of graphs.entries()) {
    const model = backboneModel(graph, parametersOf(tensors, i));
    const digest = await webDigest([model.model]);
    const backbone = opened.get(digest) ?? (await WebBackbone.open(runtime, model));
    opened.set(digest, backbone);
    own.push(backbone);
  }
  return own;
}

async function closeAll(opened: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const each of opened) await each.close();
}
