import { at } from '../../util/checked.js';
import type { Split } from './dataset.js';

/** The labels of some images of a split, [positions]; and their targets, [positions, classes], if it has such. */
export function labelsAt(
  { labels, targets, length }: Pick<Split, 'labels' | 'targets' | 'length'>,
  positions: Uint32Array,
): [Int32Array, Float32Array | undefined] {
  const own = Int32Array.from(positions, (i) => at(labels, i));
  if (!targets) return [own, undefined];
  const classes = targets.length / length;
  const rows = new Float32Array(positions.length * classes);
  positions.forEach((i, row) => {
    rows.set(targets.subarray(i * classes, (i + 1) * classes), row * classes);
  });
  return [own, rows];
}
