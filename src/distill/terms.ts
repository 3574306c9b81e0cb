import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { present } from '../util/error.js';
import { featureLoss } from './feature-loss.js';
import type { LabelInputs } from './inputs.js';
import { TEACHER_LOGITS } from './names.js';
import type { StepSettings } from './step-schema.js';
import { TASK_FORMS } from './tasks.js';

/** What a network shows the others in a step. */
export interface Shown {
  /** Of all images, [images, classes]: what teachers are compared by. */
  readonly logits: Value;
  /** Of all images, [images, C, H, W]; only the feature loss needs them. */
  readonly features?: Value;
}

/** One network in a step. */
export interface Competitor extends Shown {
  readonly inputs: LabelInputs;
  /** The logits of images with labels, [batch, classes]. */
  readonly labelled: Value;
}

/** What the losses of a step are made from. */
export interface Scene {
  readonly g: Graph;
  /** All networks of the group. */
  readonly networks: readonly Shown[];
  /** Which of them the losses are for. */
  readonly students: readonly number[];
  readonly settings: StepSettings;
}

/** What a student learns from each of the teachers that the rule gives it. */
export interface Lesson {
  /** What it counts in the total; 0: it isn't computed. */
  weight(settings: StepSettings): number;
  /** A scalar for student i and teacher j. */
  loss(scene: Scene, pair: readonly [student: number, teacher: number]): Value;
  /** Whether the total adds it as a 0 where it isn't computed, as the step graphs have it that are in `models`. */
  readonly added?: 'always';
}

/** What each network is trained on whatever the rule says. */
export interface Extra {
  /** What it counts in the total; undefined: it isn't computed. */
  weight(settings: StepSettings): number | undefined;
  /** A scalar for each student. */
  losses(scene: Scene): Value[];
}

/** The losses from the rule's teachers, by the names of their metrics. */
export const LESSONS = {
  kl: {
    weight: ({ alpha, temperature }) => alpha * temperature ** 2,
    loss: ({ g, networks, settings }, [i, j]) =>
      TASK_FORMS[settings.task].divergence(g, logitsOf(networks, i), logitsOf(networks, j), settings.temperature),
    added: 'always',
  },
  feature: {
    weight: ({ beta }) => beta,
    loss: ({ g, networks, settings }, pair) => featureLoss(g, featuresOf(networks), pair, settings),
    added: 'always',
  },
} as const satisfies Readonly<Record<string, Lesson>>;

/** The other losses beside the cross-entropy, by the names of their metrics; `kd` is the KL divergence from the frozen teacher. */
export const EXTRAS = {
  kd: {
    weight: ({ teacher }) => (teacher ? teacher.weight * teacher.temperature ** 2 : undefined),
    losses: fromFrozenTeacher,
  },
} as const satisfies Readonly<Record<string, Extra>>;

export type LessonName = keyof typeof LESSONS;
export type ExtraName = keyof typeof EXTRAS;
export const LESSON_NAMES = Object.keys(LESSONS) as readonly LessonName[];
export const EXTRA_NAMES = Object.keys(EXTRAS) as readonly ExtraName[];

/** The names of a step's numbers: one for each network. `ce` is the loss on the labels, `total` = ce + the others, each by its weight. */
export type Metric = 'ce' | LessonName | ExtraName | 'total' | 'accuracy';
/** All metrics, in the order of a step's outputs. */
export const METRICS: readonly Metric[] = ['ce', ...LESSON_NAMES, ...EXTRA_NAMES, 'total', 'accuracy'];

/** What one step measured: of each metric one number a network. */
export type Metrics = Readonly<Record<Metric, readonly number[]>>;

/** All metrics of a step, each read by its name. */
export function readMetrics(read: (name: Metric) => number[]): Metrics {
  return Object.fromEntries(METRICS.map((name) => [name, read(name)])) as Record<Metric, number[]>;
}

function logitsOf(networks: readonly Shown[], i: number): Value {
  return present(networks[i], `network ${i}`).logits;
}

function featuresOf(networks: readonly Shown[]): Value[] {
  return networks.map(({ features }, i) => present(features, `the features of network ${i}`));
}

/** Declares the input with the teacher's logits, and compares each student's with them. */
function fromFrozenTeacher({ g, networks, students, settings }: Scene): Value[] {
  const { temperature } = present(settings.teacher ?? undefined, 'the frozen teacher');
  const { divergence } = TASK_FORMS[settings.task];
  const teacher = g.input(TEACHER_LOGITS, 'float32', logitsOf(networks, 0).shape);
  return students.map((i) => divergence(g, logitsOf(networks, i), teacher, temperature));
}
