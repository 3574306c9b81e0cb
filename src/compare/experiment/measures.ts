import type { Task } from '../../util/task.js';

/**
 * What is compared: accuracy, or mean average precision (of images with any number of classes), in per cent on the test split, or on the
 * validation split where there is no other.
 */
export const MEASURES = {
  'mean-last': 'mean of the networks, last epoch',
  'mean-best': 'mean of the networks, best epoch',
  'winner-best': 'winner of the run, best epoch',
  'ensemble-last': 'ensemble, last epoch',
  'ensemble-best': 'ensemble, best epoch',
} as const;
export type Measure = keyof typeof MEASURES;
export const DEFAULT_MEASURE: Measure = 'mean-last';
/** The other numbers in which methods are compared, in per cent: mean of the networks, last epoch. */
export const MORE_MEASURES = {
  'single-label': ['top5', 'ece'],
  'multi-label': ['microF1', 'macroF1'],
} as const satisfies Readonly<Record<Task, readonly string[]>>;
export type MoreMeasure = (typeof MORE_MEASURES)[Task][number];
/** All in which methods are compared. */
export type Compared = Measure | MoreMeasure;
/** Something for all in which methods are compared; of the other numbers those of the task. */
export type InAll<T> = Readonly<Record<Measure, T>> & Readonly<Partial<Record<MoreMeasure, T>>>;

/** What the {@link MEASURES} are of. */
export function scoreName(task: Task): 'top-1' | 'mAP' {
  return task === 'multi-label' ? 'mAP' : 'top-1';
}
