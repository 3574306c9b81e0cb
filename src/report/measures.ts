import type { Evaluation } from '../events/evaluation.js';
import type { Task } from '../util/task.js';
import { hasTop5 } from './format.js';

/** A share in [0, 1] of an evaluation, as tables show it. */
export interface ShownMeasure {
  readonly key: Exclude<keyof Evaluation, 'loss' | 'ema'>;
  readonly title: string;
}

const TOP1: ShownMeasure = { key: 'accuracy', title: 'top-1' };
const TOP5: ShownMeasure = { key: 'top5', title: 'top-5' };
const ECE: ShownMeasure = { key: 'ece', title: 'ECE' };
const MULTI_LABEL: readonly ShownMeasure[] = [
  { key: 'map', title: 'mAP' },
  { key: 'microF1', title: 'micro-F1' },
  { key: 'macroF1', title: 'macro-F1' },
  { key: 'threshold', title: 'threshold' },
];

/** What is told of a classifier beside its loss; the first is what networks are ranked by. */
export function measuresFor(task: Task, classes: number): readonly [ShownMeasure, ...ShownMeasure[]] {
  if (task === 'multi-label') return MULTI_LABEL as [ShownMeasure, ...ShownMeasure[]];
  return hasTop5(classes) ? [TOP1, TOP5, ECE] : [TOP1, ECE];
}
