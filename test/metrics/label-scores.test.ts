import { describe, expect, it } from 'vitest';
import { averagePrecision, bestThreshold, f1 } from '../../src/metrics/average-precision.js';
import { chancesOf, LabelScores, meanChances } from '../../src/metrics/label-scores.js';
import { stream } from '../../src/util/random.js';

const scored = (scores: readonly number[], truths: readonly number[]) => ({
  scores: Float64Array.from(scores),
  truths: Uint8Array.from(truths),
  positives: truths.reduce((a, b) => a + b, 0),
});

/** Precision, recall and F1 where scores from a threshold on count, by counting. */
function countsAt(threshold: number, scores: readonly number[], truths: readonly number[]) {
  let [tp, fp, fn] = [0, 0, 0];
  scores.forEach((score, i) => {
    const there = truths[i] === 1;
    if (score >= threshold && there) tp++;
    if (score >= threshold && !there) fp++;
    if (score < threshold && there) fn++;
  });
  return { precision: tp / (tp + fp), recall: tp / (tp + fn), f1: tp === 0 ? 0 : (2 * tp) / (2 * tp + fp + fn) };
}

/** The definition: sum of (R_n - R_n-1) P_n over the distinct scores from the highest down. */
function averagePrecisionLoop(scores: readonly number[], truths: readonly number[]): number {
  let [sum, before] = [0, 0];
  for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
    const { precision, recall } = countsAt(threshold, scores, truths);
    sum += (recall - before) * precision;
    before = recall;
  }
  return sum;
}

const close = (got: number, expected: number) => expect(Math.abs(got - expected)).toBeLessThan(1e-12);

describe('average precision', () => {
  it("is scikit-learn's for the example of its documentation", () => {
    expect(averagePrecision(scored([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]))).toBeCloseTo(0.83, 2);
  });

  it.each([3, 10, 1000])('is the sum over distinct scores, with ties: %i values', (values) => {
    const random = stream(values, 'precision');
    const scores = Array.from({ length: 60 }, () => random.below(values) / values);
    const truths = scores.map((score) => (random.uniform() < 0.2 + 0.5 * score ? 1 : 0));
    close(averagePrecision(scored(scores, truths)), averagePrecisionLoop(scores, truths));
  });

  it('is 1 for a perfect order, the share of positives where all scores are equal, 0 without positives', () => {
    expect(averagePrecision(scored([0.9, 0.8, 0.2], [1, 1, 0]))).toBe(1);
    expect(averagePrecision(scored([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 0]))).toBe(0.25);
    expect(averagePrecision(scored([0.5, 0.4], [0, 0]))).toBe(0);
  });
});

describe('the threshold with the largest F1', () => {
  it.each([4, 12, 500])('is one that no other beats: %i values', (values) => {
    const random = stream(values, 'threshold');
    const scores = Array.from({ length: 50 }, () => (1 + random.below(values)) / values);
    const truths = scores.map((score) => (random.uniform() < score * score ? 1 : 0));
    const found = bestThreshold(scored(scores, truths)) as number;
    const best = Math.max(...scores.map((each) => countsAt(each, scores, truths).f1));
    close(f1(scored(scores, truths), found), best);
    close(countsAt(found, scores, truths).f1, best);
    expect(scores).not.toContain(found);
  });

  it('lies halfway to the next lower score; there is none without positives', () => {
    expect(bestThreshold(scored([0.9, 0.7, 0.2], [1, 1, 0]))).toBeCloseTo(0.45, 12);
    expect(bestThreshold(scored([0.8, 0.6], [1, 1]))).toBe(0.3);
    expect(bestThreshold(scored([0.9, 0.7], [0, 0]))).toBeUndefined();
  });
});

describe('scores of images with any number of classes', () => {
  const random = stream(5, 'labels');
  const [images, classes] = [40, 4];
  const logits = Array.from({ length: images }, () => Array.from({ length: classes }, () => 2 * random.normal()));
  // The last class has no image
  const truths = logits.map((row) => row.map((z, c) => (c < 3 && random.uniform() < 1 / (1 + Math.exp(-z)) ? 1 : 0)));
  const probabilities = logits.map((row) => row.map((z) => 1 / (1 + Math.exp(-z))));
  const column = (rows: readonly (readonly number[])[], c: number) => rows.map((row) => row[c] as number);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const scores = new LabelScores();
  truths.forEach((own, i) => {
    scores.add(chancesOf(logits[i] as number[]), own);
  });

  it('are those of plain loops, over the classes that some image has', () => {
    const result = scores.result(0.4);
    const loss = mean(
      probabilities.map((row, i) => mean(row.map((p, c) => -Math.log(truths[i]?.[c] === 1 ? p : 1 - p)))),
    );
    expect(result.loss).toBeCloseTo(loss, 6);
    const known = [0, 1, 2];
    expect(result.map).toBeCloseTo(
      mean(known.map((c) => averagePrecisionLoop(column(probabilities, c), column(truths, c)))),
      9,
    );
    expect(result.threshold).toBe(0.4);
    expect(result.microF1).toBeCloseTo(countsAt(0.4, probabilities.flat(), truths.flat()).f1, 12);
    expect(result.macroF1).toBeCloseTo(
      mean(known.map((c) => countsAt(0.4, column(probabilities, c), column(truths, c)).f1)),
      12,
    );
    const right = probabilities.filter((row, i) => row.every((p, c) => p >= 0.4 === (truths[i]?.[c] === 1)));
    expect(result.accuracy).toBe(right.length / images);
  });

  it('are at the threshold with the largest micro-F1 where none is given', () => {
    const { threshold = Number.NaN, microF1 = Number.NaN } = scores.result();
    const all = probabilities.flat();
    const best = Math.max(...all.map((each) => countsAt(each, all, truths.flat()).f1));
    expect(microF1).toBeCloseTo(best, 9);
    expect(countsAt(threshold, all, truths.flat()).f1).toBeCloseTo(best, 9);
  });

  it('stay finite at logits beyond exp, and are NaN where a network is', () => {
    const far = new LabelScores();
    far.add(chancesOf([-2000, 2000]), [1, 1]);
    expect(far.result().loss).toBeCloseTo(-Math.log(Number.MIN_VALUE) / 2, 6);
    const lost = new LabelScores();
    lost.add(chancesOf([Number.NaN, 0]), [0, 1]);
    expect(lost.result().loss).toBeNaN();
  });

  it('of an ensemble are of the mean of probabilities', () => {
    const { has, hasNot } = meanChances([chancesOf([0]), chancesOf([Math.log(3)])]);
    expect([...has, ...hasNot].map((p) => Number(p.toFixed(6)))).toEqual([0.625, 0.375]);
  });
});
