import { add, mul, reduceSum, reshape, scale } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import { range } from '../graph/node/axes.js';
import type { Value } from '../graph/node/node.js';
import { accuracy } from '../losses/accuracy.js';
import { crossEntropy } from '../losses/cross-entropy.js';
import { klDivergence } from '../losses/kl-divergence.js';
import { targetDistributions } from '../losses/targets.js';
import { present } from '../util/error.js';
import { featureLoss } from './feature-loss.js';
import { type LabelInputs, overLabels } from './inputs.js';
import { TEACHER_LOGITS } from './names.js';
import type { StepSettings } from './step-settings.js';
import { teacherWeights } from './teachers.js';

/**
 * Outputs of a step with one number for each network. `kd` is the KL divergence from the frozen teacher;
 * `total` = ce + alpha * temperature^2 * kl + beta * feature + teacher.weight * teacher.temperature^2 * kd.
 */
export const METRICS = ['ce', 'kl', 'feature', 'kd', 'total', 'accuracy'] as const;

/** One network in a step. */
export interface Competitor {
  readonly inputs: LabelInputs;
  /** [batch, classes]. */
  readonly logits: Value;
  /** [batch, C, H, W]; only the feature loss needs them. */
  readonly features?: Value;
}

/** Scalars of each network, and the teachers' weights [n, n]. */
export type Losses = Record<(typeof METRICS)[number], readonly Value[]> & { readonly teachers: Value };

/** Ranks the networks by their cross-entropies and computes what each is trained on. Teachers are detached. */
export function competitionLosses(g: Graph, competitors: readonly Competitor[], settings: StepSettings): Losses {
  const { alpha, beta, temperature, rule, topK, teacher } = settings;
  const logits = competitors.map((competitor) => competitor.logits);
  const none = competitors.map(() => g.scalar(0));
  const ce = competitors.map((competitor) => labelLoss(g, competitor, settings.labelSmoothing));
  const teachers = teacherWeights(g, vector(g, ce), rule, topK);
  const teaches = rule !== 'none' && competitors.length > 1;
  const divergence = (i: number, j: number) => klDivergence(g, logits[i] as Value, logits[j] as Value, temperature);
  const kl = teaches && alpha !== 0 ? fromTeachers(g, teachers, divergence) : none;
  const distance = (i: number, j: number) => featureLoss(g, featuresOf(competitors), [i, j], settings);
  const feature = teaches && beta !== 0 ? fromTeachers(g, teachers, distance) : none;
  const kd = teacher ? fromFrozenTeacher(g, logits, teacher.temperature) : none;
  const correct = competitors.map(({ inputs, logits: z }) => overLabels(g, inputs, (labels) => accuracy(g, z, labels)));
  const total = ce.map((own, i) => {
    const lessons = { kl: kl[i] as Value, feature: feature[i] as Value, kd: kd[i] as Value };
    return totalLoss(g, { ce: own, ...lessons }, settings);
  });
  return { ce, kl, feature, kd, total, accuracy: correct, teachers };
}

/** Makes the {@link METRICS} and `teachers` outputs of the graph. */
export function outputLosses(g: Graph, losses: Losses): void {
  for (const name of METRICS) g.output(name, vector(g, losses[name]));
  g.output('teachers', losses.teachers);
}

function featuresOf(competitors: readonly Competitor[]): Value[] {
  return competitors.map(({ features }, i) => present(features, `the features of network ${i}`));
}

type Terms = Readonly<Record<'ce' | 'kl' | 'feature' | 'kd', Value>>;

/** The weighted sum of one network's losses. */
function totalLoss(g: Graph, { ce, kl, feature, kd }: Terms, settings: StepSettings): Value {
  const { alpha, beta, temperature, teacher } = settings;
  const competed = add(g, ce, add(g, scale(g, kl, alpha * temperature ** 2), scale(g, feature, beta)));
  return teacher ? add(g, competed, scale(g, kd, teacher.weight * teacher.temperature ** 2)) : competed;
}

/** Cross-entropy is linear in its targets: that of mixed targets is the mixed one. */
function labelLoss(g: Graph, { inputs, logits }: Competitor, smoothing: number): Value {
  const classes = Number(logits.shape[1]);
  return crossEntropy(
    g,
    logits,
    overLabels(g, inputs, (labels) => targetDistributions(g, labels, classes, smoothing)),
  );
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

/** Declares the input with the teacher's logits, and compares each network's with them. */
function fromFrozenTeacher(g: Graph, logits: readonly Value[], temperature: number): Value[] {
  const teacher = g.input(TEACHER_LOGITS, 'float32', (logits[0] as Value).shape);
  return logits.map((student) => klDivergence(g, student, teacher, temperature));
}

/** Scalars as one vector [n]. */
export function vector(g: Graph, scalars: readonly Value[]): Value {
  return g.op(
    'Concat',
    scalars.map((value) => reshape(g, value, [1])),
    { axis: 0 },
  );
}
