import {
  buildStep,
  METRICS,
  networkPrefix,
  STEP_DEFAULTS,
  type StepGraph,
  type StepOptions,
  type StepSettings,
  TEACHER_LOGITS,
} from '../../src/distill/step.js';
import { Graph } from '../../src/graph/graph.js';
import type { Target } from '../../src/lower/target.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { activation, conv, globalPool, linear } from '../../src/nets/layers.js';
import { createNetwork } from '../../src/nets/registry.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { createOptimizer } from '../../src/optim/optimizer.js';
import { type Random, stream } from '../../src/util/random.js';
import { type Feeds, openGraph } from '../support/run.js';

export const CLASSES = 5;
export const BATCH = 4;
const SIZE = 8;
const SEED = 17;
const LR = 0.1;

export const SETTINGS: StepSettings = {
  ...STEP_DEFAULTS,
  topK: 2,
  optimizer: { name: 'sgd', lr: LR, momentum: 0.9, weightDecay: 5e-4, nesterov: true },
};

const INPUT = { classes: CLASSES, channels: 3, height: SIZE, width: SIZE };

export function resNet(widths: readonly number[] = [4, 8]): Graph {
  return createNetwork({ family: 'resnet-cifar', blocks_per_stage: 1, widths }, INPUT);
}

export function mobileNet(dropout: number): Graph {
  const settings = [
    [1, 8, 1, 1],
    [2, 8, 2, 2],
  ] as const;
  return createNetwork(
    { family: 'mobilenetv2', settings_t_c_n_s: settings, stem: 8, stem_stride: 1, last: 16, dropout },
    INPUT,
  );
}

/** A convolution, a pooling and a linear layer, without normalisations. */
export function plainNetwork(channels = 6): Graph {
  const graph = new Graph('plain');
  const images = graph.input('images', 'float32', ['N', 3, SIZE, SIZE]);
  const features = activation(graph, 'relu', conv(graph, 'conv1', images, { channels }), 'relu');
  graph.output('logits', linear(graph, 'fc', globalPool(graph, 'avgpool', features), CLASSES));
  graph.output('features', features);
  return graph;
}

export type Results = Record<string, Tensor>;

/** A step in a session, with values for all it carries over, and a batch to run it on. */
export interface OpenStep {
  readonly step: StepGraph;
  readonly state: ReadonlyMap<string, Tensor>;
  readonly batch: Feeds;
  /** Runs it on the state and the batch, with some of the feeds replaced. */
  run(replaced?: Feeds): Promise<Results>;
  close(): Promise<void>;
}

export interface StepOverrides {
  readonly settings?: Partial<StepSettings>;
  readonly options?: Partial<StepOptions>;
}

export interface OpenOptions extends StepOverrides {
  /** Names further outputs before the graph is lowered. */
  readonly prepare?: (graph: Graph) => void;
  /** The portable lowering when left out. */
  readonly target?: Target;
}

export function createStep(networks: readonly Graph[], { settings, options }: StepOverrides = {}): StepGraph {
  const defaults = { batch: BATCH, exposeGradients: true, exposeLogits: true };
  return buildStep(networks, { ...SETTINGS, ...settings }, { ...defaults, ...options });
}

/** Leaves a step's losses, logits and teachers only: a much smaller graph. */
export function withoutUpdates(graph: Graph): void {
  for (const name of [...graph.outputs.keys()]) if (/\.(next|grad)$/.test(name)) graph.outputs.delete(name);
}

export async function openStep(networks: readonly Graph[], open: OpenOptions = {}): Promise<OpenStep> {
  const settings = { ...SETTINGS, ...open.settings };
  const step = createStep(networks, open);
  open.prepare?.(step.graph);
  const state = firstState(networks, step);
  const scalars = Object.entries(createOptimizer(settings.optimizer).scalarsAt(LR, 1));
  const labelsFor = settings.task === 'multi-label' ? asTargets : same;
  const count = BATCH + (open.options?.unlabelled ?? 0);
  const { images, labels } = randomBatch(BATCH, count);
  const shared = { images, labels: labelsFor(labels) };
  const batch: Feeds = {
    ...(open.options?.ownInputs ? { labels: shared.labels, ...ownInputs(networks.length, labelsFor, count) } : shared),
    ...(open.options?.mixed && !open.options.ownInputs && mixedInputs()),
    ...(settings.teacher && { [TEACHER_LOGITS]: normal([count, CLASSES], stream(SEED, 'teacher')) }),
    ...Object.fromEntries(
      step.uniforms.map((value) => [value.name, uniforms(value.shape.slice(1) as number[], count)]),
    ),
    ...Object.fromEntries(scalars.map(([name, value]) => [name, tensor('float32', [], [value])])),
  };
  const session = await openGraph(step.graph, open.target);
  const run = (replaced: Feeds = {}) => session.run({ ...Object.fromEntries(state), ...batch, ...replaced });
  return { step, state, batch, run, close: () => session.close() };
}

/** Images of which the first have labels: these are the same however many others there are. */
export function randomBatch(count: number, images = count): { images: Tensor; labels: Tensor } {
  const random = stream(SEED, 'batch', count);
  const labels = Array.from({ length: count }, () => random.below(CLASSES));
  return { images: normal([images, 3, SIZE, SIZE], random), labels: tensor('int64', [count], labels) };
}

/** Rows of 0 and 1 [count, CLASSES] for labels: of label k the classes k and 2 k, or none where k is 0. */
export function asTargets(labels: Tensor): Tensor {
  const rows = toNumbers(labels).map((k) => {
    return Array.from({ length: CLASSES }, (_, c) => (k > 0 && (c === k || c === (2 * k) % CLASSES) ? 1 : 0));
  });
  return tensor('float32', [rows.length, CLASSES], rows.flat());
}

const same = (labels: Tensor) => labels;

/** Images, partners and lambda of each network. */
function ownInputs(networks: number, labelsFor: (labels: Tensor) => Tensor, count: number): Feeds {
  const feeds = Array.from({ length: networks }, (_, i): [string, Tensor][] => {
    const random = stream(SEED, 'own', i);
    const partners = Array.from({ length: BATCH }, () => random.below(CLASSES));
    return [
      [`net${i}.images`, normal([count, 3, SIZE, SIZE], random)],
      [`net${i}.partners`, labelsFor(tensor('int64', [BATCH], partners))],
      [`net${i}.lambda`, tensor('float32', [], [random.uniform()])],
    ];
  });
  return Object.fromEntries(feeds.flat());
}

/** The labels of images that are mixed in, and lambda, for all networks. */
function mixedInputs(): Feeds {
  const random = stream(SEED, 'mixed');
  const partners = Array.from({ length: BATCH }, () => random.below(CLASSES));
  return { partners: tensor('int64', [BATCH], partners), lambda: tensor('float32', [], [random.uniform()]) };
}

export function uniforms(shape: readonly number[], count: number): Tensor {
  const random = stream(SEED, 'uniforms', count);
  const dims = [count, ...shape];
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.uniform()),
  );
}

/** The networks' own initial weights, unsettled a little so that no scale is one, no shift zero, no two networks alike. */
function firstState(networks: readonly Graph[], step: StepGraph): Map<string, Tensor> {
  const initial = new Map(
    networks.flatMap((network, i) =>
      [...initialiseParameters(network, SEED, i)].map(([name, value]) => [networkPrefix(i) + name, value] as const),
    ),
  );
  return new Map(
    step.state.map((name) => {
      const parameter = step.graph.parameters.get(name);
      const dims = parameter?.value.shape as number[];
      const random = stream(SEED, 'state', name);
      const values = initial.has(name) ? toNumbers(initial.get(name) as Tensor) : new Array(sizeOf(dims)).fill(0);
      const moved = values.map((value) =>
        name.endsWith('running_var') ? value + random.uniform() : value + 0.2 * random.normal(),
      );
      return [name, tensor('float32', dims, Float32Array.from(moved))];
    }),
  );
}

function normal(dims: readonly number[], random: Random): Tensor {
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );
}

function sizeOf(dims: readonly number[]): number {
  return dims.reduce((n, dim) => n * dim, 1);
}

export function numbers(results: Results, name: string): number[] {
  const value = results[name];
  if (!value) throw new Error(`no output ${name}`);
  return toNumbers(value);
}

/** The metrics of a step, a list with one number for each network. */
export function metrics(results: Results): Record<(typeof METRICS)[number], number[]> {
  const entries = METRICS.map((name) => [name, numbers(results, name)] as const);
  return Object.fromEntries(entries) as Record<(typeof METRICS)[number], number[]>;
}

/** A value of the i-th network in the step's graph: the first input of its only node of this operator. */
export function inputOf(graph: Graph, network: number, op: string) {
  const nodes = graph.nodes.filter((node) => node.op === op && node.name.startsWith(`net${network}/`));
  if (nodes.length !== 1) throw new Error(`${nodes.length} nodes ${op}`);
  return (nodes[0] as (typeof nodes)[number]).input(0);
}
