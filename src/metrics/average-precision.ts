import { at } from '../util/checked.js';

/** Decisions whether something is there: their probabilities, 1 where it is, and how often that is. */
export interface Scored {
  readonly scores: Float64Array;
  readonly truths: Uint8Array;
  readonly positives: number;
}

/**
 * Average precision: the sum over thresholds, from the highest score down, of (recall - the recall before) * precision; equal scores pass
 * together (scikit-learn's `average_precision_score`). 0 without positives.
 */
export function averagePrecision(scored: Scored): number {
  let [sum, before] = [0, 0];
  for (const { count, right } of cuts(scored)) {
    sum += (right - before) * (right / count);
    before = right;
  }
  return scored.positives === 0 ? 0 : sum / scored.positives;
}

/** 2 TP / (2 TP + FP + FN) where scores from the threshold on count as there; 0 where nothing is there and nothing is said to be. */
export function f1({ scores, truths, positives }: Scored, threshold: number): number {
  let [said, right] = [0, 0];
  for (const [i, score] of scores.entries()) {
    if (score < threshold) continue;
    said++;
    right += at(truths, i);
  }
  return (2 * right) / (said + positives || 1);
}

/** The threshold with the largest F1, of equals the highest: halfway to the next lower score. Undefined without positives. */
export function bestThreshold(scored: Scored): number | undefined {
  let [best, threshold]: [number, number | undefined] = [0, undefined];
  for (const { count, right, score, next } of cuts(scored)) {
    const own = (2 * right) / (count + scored.positives);
    if (own > best) [best, threshold] = [own, (score + next) / 2];
  }
  return threshold;
}

/** For each score from the highest down: how many there are from it on, how many of them are right, and the next lower score (at last 0). */
function* cuts({ scores, truths }: Scored): Generator<{ count: number; right: number; score: number; next: number }> {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => at(scores, b) - at(scores, a));
  let right = 0;
  for (const [rank, i] of order.entries()) {
    right += at(truths, i);
    const score = at(scores, i);
    const next = rank + 1 < order.length ? at(scores, at(order, rank + 1)) : 0;
    if (next !== score || rank + 1 === order.length) yield { count: rank + 1, right, score, next };
  }
}
