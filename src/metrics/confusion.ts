import { at } from '../util/checked.js';

/** A class that images have, one that was said of them, and how many images these are. */
export type ConfusionCell = [own: number, said: number, count: number];

/**
 * The confusion matrix of images of one class each, without its empty cells: by the own class, then by that said. `labels` and `said` are
 * [images].
 */
export function confusionOf(labels: ArrayLike<number>, said: ArrayLike<number>): ConfusionCell[] {
  const cells = new Map<string, ConfusionCell>();
  for (let i = 0; i < labels.length; i++) {
    const [own, other] = [at(labels, i), at(said, i)];
    const key = `${own} ${other}`;
    const cell = cells.get(key) ?? [own, other, 0];
    cell[2]++;
    cells.set(key, cell);
  }
  return [...cells.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
