import { add, mul, reduceSum, scale, vector } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import { range } from '../graph/node/axes.js';
import type { Value } from '../graph/node/node.js';
import { weightedCrossEntropy } from '../losses/weighted-cross-entropy.js';
import { overLabels } from './inputs.js';
import type { StepSettings } from './step-schema.js';
import { TASK_FORMS } from './tasks.js';
import { teacherWeights } from './teachers.js';
import {
  type Competitor,
  EXTRA_NAMES,
  EXTRAS,
  type Extra,
  type ExtraName,
  LESSON_NAMES,
  LESSONS,
  type Lesson,
  type LessonName,
  METRICS,
  type Metric,
  type Scene,
  type Shown,
} from './terms.js';

/** Scalars of each student, and the teachers' weights [n, n] of the whole group. */
export type Losses = Record<Metric, readonly Value[]> & { readonly teachers: Value };

/** A group of which only some networks learn here: what the others show, and who teaches whom, comes from elsewhere. */
export interface Elsewhere {
  readonly networks: readonly Shown[];
  readonly students: readonly number[];
  /** float32 [n, n], as `teacherWeights` has them. */
  readonly teachers: Value;
}

/**
 * Ranks the networks by their losses on the labels (`ce`) and computes what each is trained on. Teachers are detached. What is learned
 * of them is averaged over all images, those without labels among them.
 *
 * @param classWeights - What each class counts in the cross-entropy, also where it ranks; all the same when left out.
 * @param elsewhere - The group, where the competitors are only some of it.
 */
export function competitionLosses(
  g: Graph,
  competitors: readonly Competitor[],
  settings: StepSettings,
  classWeights?: readonly number[],
  elsewhere?: Elsewhere,
): Losses {
  const { networks, students } = elsewhere ?? { networks: competitors, students: range(competitors.length) };
  const scene = { g, networks, students, settings };
  const none = competitors.map(() => g.scalar(0));
  const ce = competitors.map((competitor) => labelLoss(g, competitor, settings, classWeights));
  const teachers = elsewhere?.teachers ?? teacherWeights(g, vector(g, ce), settings.rule, settings.topK);
  const lessons = tableOf(LESSON_NAMES, (name) => lessonOf(scene, name, teachers, none));
  const extras = tableOf(EXTRA_NAMES, (name) => {
    const extra: Extra = EXTRAS[name];
    return extra.weight(settings) === undefined ? undefined : extra.losses(scene);
  });
  const accuracies = accuraciesOf(g, competitors, settings);
  const terms = { ...lessons, ...extras };
  const total = ce.map((own, i) => totalLoss(scene, own, (name) => terms[name]?.[i]));
  const known = tableOf([...LESSON_NAMES, ...EXTRA_NAMES], (name) => terms[name] ?? none);
  return { ce, ...known, total, accuracy: accuracies, teachers };
}

/** The ranking alone: the losses on the labels that {@link competitionLosses} ranks by, who teaches whom, and accuracies. */
export function rank(
  g: Graph,
  competitors: readonly Competitor[],
  settings: StepSettings,
  classWeights?: readonly number[],
): Pick<Losses, 'ce' | 'teachers' | 'accuracy'> {
  const ce = competitors.map((competitor) => labelLoss(g, competitor, settings, classWeights));
  const teachers = teacherWeights(g, vector(g, ce), settings.rule, settings.topK);
  return { ce, teachers, accuracy: accuraciesOf(g, competitors, settings) };
}

/** What students of a group of n learn from each other, so that they have to be shown it: logits, features, or neither. */
export function lessonsIn(n: number, settings: StepSettings): LessonName[] {
  const teaches = settings.rule !== 'none' && n > 1;
  return LESSON_NAMES.filter((name) => teaches && LESSONS[name].weight(settings) !== 0);
}

function accuraciesOf(g: Graph, competitors: readonly Competitor[], { task }: StepSettings): Value[] {
  return competitors.map(({ inputs, labelled }) =>
    overLabels(g, inputs, (labels) => TASK_FORMS[task].accuracy(g, labelled, labels)),
  );
}

/** A lesson for each student; undefined where it isn't computed and no 0 stands for it. */
function lessonOf(
  scene: Scene,
  name: LessonName,
  teachers: Value,
  none: readonly Value[],
): readonly Value[] | undefined {
  const { networks, settings } = scene;
  const lesson: Lesson = LESSONS[name];
  if (lessonsIn(networks.length, settings).includes(name)) {
    return fromTeachers(scene, teachers, (i, j) => lesson.loss(scene, [i, j]));
  }
  return lesson.added ? none : undefined;
}

/**
 * One network's cross-entropy and the other losses that there are, by their weights: first those from the rule's teachers together,
 * then the others one by one.
 */
function totalLoss(
  { g, settings }: Scene,
  ce: Value,
  lossOf: (name: LessonName | ExtraName) => Value | undefined,
): Value {
  const weighted = (name: LessonName | ExtraName, weight: number) => {
    const loss = lossOf(name);
    return loss ? [scale(g, loss, weight)] : [];
  };
  const lessons = LESSON_NAMES.flatMap((name) => weighted(name, LESSONS[name].weight(settings)));
  const competed = add(g, ce, sumOf(g, lessons));
  return EXTRA_NAMES.reduce((sum, name) => {
    const [loss] = weighted(name, EXTRAS[name].weight(settings) ?? 0);
    return loss ? add(g, sum, loss) : sum;
  }, competed);
}

function sumOf(g: Graph, values: readonly Value[]): Value {
  return values.reduce((sum, value) => add(g, sum, value));
}

function tableOf<Name extends string, Entry>(names: readonly Name[], of: (name: Name) => Entry): Record<Name, Entry> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Entry>;
}

/** Makes the {@link METRICS} and `teachers` outputs of the graph. */
export function outputLosses(g: Graph, losses: Losses): void {
  for (const name of METRICS) g.output(name, vector(g, losses[name]));
  g.output('teachers', losses.teachers);
}

/** The losses on labels are linear in their targets: that of mixed targets is the mixed one. */
function labelLoss(
  g: Graph,
  { inputs, labelled }: Competitor,
  { task, labelSmoothing }: StepSettings,
  classWeights: readonly number[] | undefined,
): Value {
  const form = TASK_FORMS[task];
  const classes = Number(labelled.shape[1]);
  const targetsOf = (smoothing: number) =>
    overLabels(g, inputs, (labels) => form.targets(g, labels, classes, smoothing));
  const targets = targetsOf(labelSmoothing);
  if (!classWeights) return form.loss(g, labelled, targets);
  const labels = labelSmoothing === 0 ? targets : targetsOf(0);
  return weightedCrossEntropy(g, labelled, { targets, labels }, classWeights);
}

/** For each student i, the mean of a loss over its teachers j: sum of weight(i, j) * loss(i, j). */
function fromTeachers(
  { g, networks, students }: Scene,
  teachers: Value,
  loss: (i: number, j: number) => Value,
): Value[] {
  return students.map((i) => {
    const others = range(networks.length).filter((j) => j !== i);
    const losses = vector(
      g,
      others.map((j) => loss(i, j)),
    );
    const row = g.op('Gather', [teachers, g.scalarInteger(i)], { axis: 0 });
    const weights = g.op('Gather', [row, g.integers(others)], { axis: 0 });
    return reduceSum(g, mul(g, losses, g.agon('Detach', [weights])[0] as Value), [0]);
  });
}
