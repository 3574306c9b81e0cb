import { gradients } from '../autodiff/gradients.js';
import { Graph } from '../graph/graph.js';
import { range } from '../graph/node/axes.js';
import type { Value } from '../graph/node/node.js';
import { inlineForTraining, type TrainingForm } from '../graph/training-form.js';
import { freezeNetwork } from '../nets/freeze.js';
import { createOptimizer } from '../optim/optimizer.js';
import { present } from '../util/error.js';
import { ACCUMULATED, type Accumulation, accumulationOf } from './accumulation.js';
import { averageAll } from './average.js';
import { declareInputs, type NetworkInputs } from './inputs.js';
import { competitionLosses, type Losses, outputLosses } from './losses.js';
import { AVERAGE, checkParameterNames, logitsName, networkPrefix, networkScope, nextName } from './names.js';
import { dynamicScaling, NO_SCALING } from './scaling/loss-scaling.js';
import type { StepOptions } from './step-options.js';
import { STEP_DEFAULTS, type StepSettings } from './step-schema.js';
import type { Competitor } from './terms.js';
import { updateAll } from './update.js';
import { updateGroups } from './update-groups.js';

export { UPDATES } from './accumulation.js';
export {
  featuresName,
  MIXED_INPUTS,
  networkPrefix,
  networkScope,
  nextName,
  ownInputNames,
  TEACHER_LOGITS,
} from './names.js';
export type { StepOptions } from './step-options.js';
export { STEP_DEFAULTS, STEP_KEYS, type StepSettings, stepSchema, stepSettingsOf } from './step-schema.js';
export { METRICS, type Metric, type Metrics } from './terms.js';

/** A whole training step as a graph, still in semantic operators. */
export interface StepGraph {
  /**
   * Inputs `images` [batch, C, H, W], `labels` (int64 [batch]; with the task multi-label float32 [batch, classes]), the optimizer's scalars and Dropout's uniforms; parameters
   * `net<i>.<name>` and optimizer state `net<i>.<name>.<state>`. Outputs the step’s metrics [n], `teachers` [n, n], and
   * `<parameter>.next` for every parameter and state.
   *
   * With mixed images, `partners` (as `labels`) are those of the images that are mixed in, and the scalar `lambda` is the share of
   * the own ones: cross-entropy and accuracy are lambda * that with `labels` + (1 - lambda) * that with `partners`.
   *
   * With own inputs, every network has `net<i>.images` [batch, C, H, W] in place of `images`, and beside them the labels
   * of the images that are mixed in, `net<i>.partners`, and the scalar `net<i>.lambda`, each its own. With a frozen
   * teacher, `teacher.logits` [batch, classes] is an input. Learned projections of features are parameters `net<i>.projection<j>.weight`.
   * Heads have `net<i>.features` in place of `images`.
   *
   * With m unlabelled images, images (features, `teacher.logits`) have batch + m rows, of which the last have no labels: they count where
   * networks are compared with teachers (the mean is over all rows) and in the statistics of normalisations, but not in
   * cross-entropy, accuracy and ranking.
   *
   * With the precision float16 the graph is still one of float32 (a pass of the lowering makes it one of float16), with loss scaling: state
   * `net<i>.loss_scale` and `net<i>.growth_tracker`, outputs `loss_scale` [n] and `overflowed` [n]. A network whose gradients overflow
   * keeps its weights, its optimizer's state and its averages; its running statistics it has learned, as PyTorch's.
   */
  readonly graph: Graph;
  /** Inputs to be fed with uniform random numbers. */
  readonly uniforms: readonly Value[];
  /** Names of all tensors that a step carries over to the next. */
  readonly state: readonly string[];
}

/**
 * Builds the step of n >= 1 networks in one graph: all logits first, ranking, teachers, losses, backward and update of
 * all from the gradients of this same step. Every forward graph has an input `images` and outputs `logits`, `features`; heads
 * have an input `features` and an output `logits`.
 */
export function buildStep(networks: readonly Graph[], settings: StepSettings, options: StepOptions): StepGraph {
  // A program without types may know nothing of later settings
  const whole = { ...STEP_DEFAULTS, ...settings };
  const trained = networks.map((network) => freezeNetwork(network, whole.freeze));
  return stepOf(trained, whole, options, new Graph('training_step'), WHOLE);
}

/** Which networks of a group a step trains, and how its losses come about. */
export interface Part {
  /** Indices in the group; all when left out. */
  readonly members?: readonly number[];
  /** Makes the losses of the members and their outputs. */
  losses(g: Graph, members: readonly Competitor[], settings: StepSettings, options: StepOptions): Losses;
}

const WHOLE: Part = {
  losses: (g, members, settings, options) => {
    const losses = g.within('losses', () => competitionLosses(g, members, settings, options.classWeights));
    outputLosses(g, losses);
    return losses;
  },
};

/** The step of a part of a group, in an empty graph. Of the networks, what is not to be trained is no weight. */
export function stepOf(
  networks: readonly Graph[],
  settings: StepSettings,
  options: StepOptions,
  g: Graph,
  part: Part,
): StepGraph {
  const members = part.members ?? range(networks.length);
  for (const network of networks) checkParameterNames(network, statesOf(settings));
  const isHalf = settings.precision === 'float16';
  // What losses are made of is float32, however it is computed: PyTorch's `logits.float()`
  const inSingle = (value: Value) =>
    isHalf ? g.op('Cast', [value], { to: 1 }, { name: `${value.name}_single` }) : value;
  const inputs = declareInputs(g, networks, options, settings.task, members);
  const forms = members.map((i, m) => {
    const network = present(networks[i], `network ${i}`);
    const input = present(network.inputs[0], 'its input').name;
    const bind = new Map([[input, (inputs[m] as NetworkInputs).images]]);
    return inlineForTraining(network, g, { scope: networkScope(i), parameterPrefix: networkPrefix(i), bind });
  });
  const competitors = forms.map((form, m) => {
    const features = options.onFeatures ? {} : { features: inSingle(outputOf(form, 'features')) };
    const logits = inSingle(outputOf(form, 'logits'));
    const labelled = g.within('losses', () => labelledRows(g, logits, options));
    return { inputs: inputs[m] as NetworkInputs, logits, labelled, ...features };
  });
  const losses = part.losses(g, competitors, settings, options);
  const scaling = isHalf ? dynamicScaling(g, members, { networkPrefix, nextName }) : NO_SCALING;
  const totals = g.within('losses', () => g.op('Sum', scaling.scaled(losses.total), {}, { name: g.scoped('sum') }));
  if (options.exposeLogits)
    for (const [m, i] of members.entries()) g.output(logitsName(i), (competitors[m] as Competitor).logits);
  const weights = weightsOf(g);
  const raw = gradients(g, totals, weights);
  const slopes = g.within('loss_scale', () => scaling.unscaled(weights, raw));
  const accumulation = accumulationOf(g, settings.accumulate, scaling);
  const groupOf = updateGroups(networks, settings);
  const plan = { settings, networks: networks.length, groupOf, accumulation };
  const state = g.within('update', () => updateAll(g, weights, slopes, plan, options));
  const kept = new Map(forms.flatMap((form) => [...form.statistics]));
  const known = new Set([...state, ...accumulation.state, ...scaling.state, ...kept.keys()]);
  // What stays as it is: also running statistics that no BatchNormalization learns, and weights that don't reach the loss
  for (const [name, { value }] of g.parameters) if (!known.has(name)) kept.set(name, value);
  for (const [name, next] of kept) g.output(nextName(name), next);
  const averages = g.within('average', () => averageStep(g, networks, members, settings, accumulation));
  return {
    graph: g,
    uniforms: forms.flatMap((form) => form.uniforms),
    state: [...state, ...accumulation.state, ...scaling.state, ...kept.keys(), ...averages],
  };
}

/** What a step keeps of each weight. */
function statesOf({ optimizer, accumulate, ema }: StepSettings): string[] {
  const { states } = createOptimizer(optimizer);
  return [...states, ...(accumulate > 1 ? [ACCUMULATED] : []), ...(ema === null ? [] : [AVERAGE])];
}

/** Averages of all weights and running statistics of the networks that change. */
function averageStep(
  g: Graph,
  networks: readonly Graph[],
  members: readonly number[],
  { ema }: StepSettings,
  accumulation: Accumulation,
): string[] {
  if (ema === null) return [];
  const names = members.flatMap((i) => {
    const { parameters } = present(networks[i], `network ${i}`);
    return [...parameters].flatMap(([name, { role }]) => (role === 'frozen' ? [] : [networkPrefix(i) + name]));
  });
  return averageAll(g, names, ema, accumulation);
}

/** The logits of images with labels. */
export function labelledRows(g: Graph, logits: Value, { batch, unlabelled = 0 }: StepOptions): Value {
  if (unlabelled === 0) return logits;
  return g.op('Gather', [logits, g.integers(range(Number(batch)))], { axis: 0 });
}

function outputOf({ outputs }: TrainingForm, name: string): Value {
  return present(outputs.get(name), `output ${name}`);
}

/** All that is learned: the networks' weights, and projections of their features. */
function weightsOf({ parameters }: Graph): Value[] {
  return [...parameters.values()].filter(({ role }) => role === 'weight').map(({ value }) => value);
}
