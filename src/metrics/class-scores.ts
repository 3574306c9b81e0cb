import { at } from '../util/checked.js';
import type { ConfusionCell } from './confusion.js';

/** Of one class: how many images have it, and how it was found. */
export interface ClassScores {
  support: number;
  /** right / said. Null where nothing was said to be of this class. */
  precision: number | null;
  /** right / support. Null where no image has this class. */
  recall: number | null;
  /** 2 right / (support + said): the harmonic mean of the two. Null where there is neither an image nor an answer of this class. */
  f1: number | null;
}

/** Of one class: how many images have it, of how many it was said, and how many both is true of. */
interface ClassCounts {
  support: number;
  said: number;
  right: number;
}

/** How each class was found among images of one class each: [classes]. */
export function scoresOfConfusion(cells: readonly ConfusionCell[], classes: number): ClassScores[] {
  const counts = noCounts(classes);
  for (const [own, said, count] of cells) {
    at(counts, own).support += count;
    at(counts, said).said += count;
    if (own === said) at(counts, own).right += count;
  }
  return counts.map(toScores);
}

/**
 * How each class was found among images with any number of classes: [classes].
 *
 * @param targets - 0 or 1, [images, classes].
 * @param said - Whether a class was said to be there, likewise.
 */
export function scoresOfDecisions(targets: ArrayLike<number>, said: ArrayLike<number>, classes: number): ClassScores[] {
  const counts = noCounts(classes);
  for (let i = 0; i < targets.length; i++) {
    const [own, there] = [at(counts, i % classes), at(targets, i)];
    own.support += there;
    own.said += at(said, i);
    own.right += there * at(said, i);
  }
  return counts.map(toScores);
}

function noCounts(classes: number): ClassCounts[] {
  return Array.from({ length: classes }, () => ({ support: 0, said: 0, right: 0 }));
}

function toScores({ support, said, right }: ClassCounts): ClassScores {
  const ratio = (part: number, of: number) => (of === 0 ? null : part / of);
  return {
    support,
    precision: ratio(right, said),
    recall: ratio(right, support),
    f1: ratio(2 * right, support + said),
  };
}
