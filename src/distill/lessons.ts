import { add, reshape, scale } from '../graph/arithmetic.js';
import { Graph } from '../graph/graph.js';
import { range } from '../graph/node/axes.js';
import type { Value } from '../graph/node/node.js';
import { present } from '../util/error.js';
import { competitionLosses, outputLosses } from './losses.js';
import { logitsName, networkPrefix, TEACHER_LOGITS } from './names.js';
import type { StepSettings } from './step-schema.js';
import { competes } from './teachers.js';

export interface LessonShape {
  readonly networks: number;
  readonly batch: number;
  readonly classes: number;
}

/** The output with what the i-th network is taught. */
export const lessonName = (i: number) => `${networkPrefix(i)}lesson`;

/**
 * A step without gradients and updates, for an engine that has its own: from the logits of all networks to their losses and to
 * what each is taught. Inputs `labels` int64 [batch], `net<i>.logits` [batch, classes], and `teacher.logits` with a frozen
 * teacher. Outputs the metrics and `teachers` as `StepGraph` has them, and, where there is a {@link lessonTemperature} T,
 * `net<i>.lesson` [batch, classes]: the probabilities of its teachers at T, added up by their weights. As the gradient of a mean of
 * KL divergences is that of the KL divergence from the mean, ce + T^2 * KL(lesson || network) is trained as `total` is.
 * There is no feature loss.
 */
export function buildLessons({ networks, batch, classes }: LessonShape, settings: StepSettings): Graph {
  const g = new Graph('lessons');
  const labels = g.input('labels', 'int64', [batch]);
  const logits = range(networks).map((i) => g.input(logitsName(i), 'float32', [batch, classes]));
  const competitors = logits.map((own) => ({ inputs: { labels }, logits: own, labelled: own }));
  const losses = g.within('losses', () => competitionLosses(g, competitors, settings));
  outputLosses(g, losses);
  const temperature = lessonTemperature(networks, settings);
  if (temperature === undefined) return g;
  g.within('lessons', () => {
    const soften = (z: Value) => g.op('Softmax', [scale(g, z, 1 / temperature)], { axis: -1 });
    const fromAll = fromTeachers(g, losses.teachers, logits.map(soften), settings);
    const { teacher } = settings;
    const frozen = teacher && scale(g, soften(frozenLogits(g)), teacher.weight);
    fromAll.forEach((lesson, i) => {
      g.output(lessonName(i), frozen ? add(g, lesson, frozen) : lesson);
    });
  });
  return g;
}

/** The temperature of all lessons: the competition's where networks learn from each other, else the frozen teacher's, if there is one. */
export function lessonTemperature(networks: number, settings: LessonSettings): number | undefined {
  return competes(networks, settings) ? settings.temperature : settings.teacher?.temperature;
}

type LessonSettings = Pick<StepSettings, 'rule' | 'alpha' | 'temperature' | 'teacher'>;

/** For each network, alpha times the weighted mean of its teachers' probabilities; zeros where nobody teaches it. */
function fromTeachers(
  g: Graph,
  teachers: Value,
  probabilities: readonly Value[],
  { alpha }: Pick<StepSettings, 'alpha'>,
): Value[] {
  const shape = present(probabilities[0], 'a network').shape as readonly number[];
  const rows = probabilities.map((each) => reshape(g, each, [1, -1]));
  const means = scale(g, g.op('MatMul', [teachers, g.op('Concat', rows, { axis: 0 })]), alpha);
  return range(probabilities.length).map((i) => {
    return reshape(g, g.op('Gather', [means, g.scalarInteger(i)], { axis: 0 }), shape);
  });
}

function frozenLogits(g: Graph): Value {
  return present(
    g.inputs.find(({ name }) => name === TEACHER_LOGITS),
    TEACHER_LOGITS,
  );
}
