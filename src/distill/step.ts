import { gradients } from '../autodiff/gradients.js';
import { add, mul, reduceSum, reshape, scale } from '../graph/arithmetic.js';
import { range } from '../graph/axes.js';
import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node.js';
import { inlineForTraining, type TrainingForm } from '../graph/training-form.js';
import { accuracy } from '../losses/accuracy.js';
import { crossEntropy } from '../losses/cross-entropy.js';
import { featureMse } from '../losses/feature-mse.js';
import { klDivergence } from '../losses/kl-divergence.js';
import { targetDistributions } from '../losses/targets.js';
import { createOptimizer, type OptimizerSettings } from '../optim/optimizer.js';
import { present } from '../util/error.js';
import { type TeacherRule, teacherWeights } from './teachers.js';

/** What one competition step does (see the paper's section 3 and Deep Mutual Learning for `all`). */
export interface StepSettings {
  readonly rule: TeacherRule;
  /** How many teach under the rule `top-k`. */
  readonly topK: number;
  /** Weight of the KL divergence from the teachers. */
  readonly alpha: number;
  /** Weight of the feature loss. */
  readonly beta: number;
  readonly temperature: number;
  readonly labelSmoothing: number;
  readonly optimizer: OptimizerSettings;
}

export interface StepOptions {
  /** Images a batch. */
  readonly batch: number | string;
  /** Whether each parameter's gradient becomes an output `<parameter>.grad`. */
  readonly exposeGradients?: boolean;
  /** Whether each network's logits become an output `net<i>.logits`. */
  readonly exposeLogits?: boolean;
}

/** A whole training step as a graph, still in semantic operators. */
export interface StepGraph {
  /**
   * Inputs `images` [batch, C, H, W], `labels` int64 [batch], the optimizer's scalars and Dropout's uniforms; parameters
   * `net<i>.<name>` and optimizer state `net<i>.<name>.<state>`. Outputs the {@link METRICS} [n], `teachers` [n, n], and
   * `<parameter>.next` for every parameter and state.
   */
  readonly graph: Graph;
  /** Inputs to be fed with uniform random numbers. */
  readonly uniforms: readonly Value[];
  /** Names of all tensors that a step carries over to the next. */
  readonly state: readonly string[];
}

/** Outputs with one number for each network. `total` = ce + alpha * temperature^2 * kl + beta * feature. */
export const METRICS = ['ce', 'kl', 'feature', 'total', 'accuracy'] as const;

/** The prefix of the i-th network's names in a step. */
export const networkPrefix = (i: number) => `net${i}.`;

/** The name under which a step returns the next value of a state tensor. */
export const nextName = (name: string) => `${name}.next`;

/**
 * Builds the step of n >= 1 networks in one graph: all logits first, ranking, teachers, losses, backward and update of
 * all from the gradients of this same step. Every forward graph has an input `images` and outputs `logits`, `features`.
 */
export function buildStep(networks: readonly Graph[], settings: StepSettings, options: StepOptions): StepGraph {
  const g = new Graph('training_step');
  const shape = present(networks[0]?.inputs[0], 'the first network').shape;
  const images = g.input('images', 'float32', [options.batch, ...shape.slice(1)]);
  const labels = g.input('labels', 'int64', [options.batch]);
  const forms = networks.map((network, i) => {
    const bind = new Map([['images', images]]);
    return inlineForTraining(network, g, { scope: `net${i}`, parameterPrefix: networkPrefix(i), bind });
  });
  const losses = g.within('losses', () => competitionLosses(g, forms, labels, settings));
  const totals = g.within('losses', () => g.op('Sum', losses.total, {}, { name: g.scoped('sum') }));
  for (const name of METRICS) g.output(name, vector(g, losses[name]));
  g.output('teachers', losses.teachers);
  if (options.exposeLogits)
    for (const [i, form] of forms.entries()) g.output(`${networkPrefix(i)}logits`, logitsOf(form));
  const weights = forms.flatMap((form) => [...form.weights.values()]);
  const slopes = gradients(g, totals, weights);
  const state = g.within('update', () => updateAll(g, weights, slopes, settings.optimizer, options));
  const statistics = forms.flatMap((form) => [...form.statistics]);
  for (const [name, next] of statistics) g.output(nextName(name), next);
  return {
    graph: g,
    uniforms: forms.flatMap((form) => form.uniforms),
    state: [...state, ...statistics.map(([name]) => name)],
  };
}

type Losses = Record<(typeof METRICS)[number], readonly Value[]> & { readonly teachers: Value };

function competitionLosses(g: Graph, forms: readonly TrainingForm[], labels: Value, settings: StepSettings): Losses {
  const { alpha, beta, temperature, labelSmoothing } = settings;
  const logits = forms.map(logitsOf);
  const ce = logits.map((z) => crossEntropy(g, z, targetDistributions(g, labels, Number(z.shape[1]), labelSmoothing)));
  const teachers = teacherWeights(g, vector(g, ce), settings.rule, settings.topK);
  const teaches = settings.rule !== 'none' && forms.length > 1;
  const kl =
    teaches && alpha !== 0
      ? fromTeachers(g, teachers, (i, j) => klDivergence(g, logits[i] as Value, logits[j] as Value, temperature))
      : ce.map(() => g.scalar(0));
  const features = forms.map((form) => present(form.outputs.get('features'), 'output features'));
  const feature =
    teaches && beta !== 0
      ? fromTeachers(g, teachers, (i, j) => featureMse(g, features[i] as Value, features[j] as Value))
      : ce.map(() => g.scalar(0));
  const total = ce.map((own, i) => {
    const taught = add(g, scale(g, kl[i] as Value, alpha * temperature ** 2), scale(g, feature[i] as Value, beta));
    return add(g, own, taught);
  });
  return { ce, kl, feature, total, accuracy: logits.map((z) => accuracy(g, z, labels)), teachers };
}

/** For each network i, the mean of a loss over its teachers j: sum of weight(i, j) * loss(i, j). */
function fromTeachers(g: Graph, teachers: Value, loss: (i: number, j: number) => Value): Value[] {
  const n = Number(teachers.shape[0]);
  return range(n).map((i) => {
    const others = range(n).filter((j) => j !== i);
    const losses = vector(
      g,
      others.map((j) => loss(i, j)),
    );
    const row = g.op('Gather', [teachers, g.scalarInteger(i)], { axis: 0 });
    const weights = g.op('Gather', [row, g.integers(others)], { axis: 0 });
    return reduceSum(g, mul(g, losses, g.agon('Detach', [weights])[0] as Value), [0]);
  });
}

function updateAll(
  g: Graph,
  weights: readonly Value[],
  slopes: readonly (Value | null)[],
  settings: OptimizerSettings,
  { exposeGradients }: StepOptions,
): string[] {
  const optimizer = createOptimizer(settings);
  const scalars = optimizer.scalars.map((name) => g.input(name, 'float32', []));
  return weights.flatMap((weight, i) => {
    const gradient = slopes[i];
    if (!gradient) return [];
    if (exposeGradients) g.output(`${weight.name}.grad`, gradient);
    const states = optimizer.states.map((state) => {
      return g.parameter(
        `${weight.name}.${state}`,
        weight.shape as number[],
        { kind: 'constant', value: 0 },
        'optimizer',
      );
    });
    const updated = g.within(weight.name, () => optimizer.update(g, weight, gradient, states, scalars));
    g.output(nextName(weight.name), updated.parameter);
    updated.states.forEach((next, s) => {
      g.output(nextName((states[s] as Value).name), next);
    });
    return [weight.name, ...states.map((state) => state.name)];
  });
}

function logitsOf(form: TrainingForm): Value {
  return present(form.outputs.get('logits'), 'output logits');
}

/** Scalars as one vector [n]. */
function vector(g: Graph, scalars: readonly Value[]): Value {
  return g.op(
    'Concat',
    scalars.map((value) => reshape(g, value, [1])),
    { axis: 0 },
  );
}
