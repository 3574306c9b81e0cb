import { describe, expect, it } from 'vitest';
import { meanProbabilities, Scores } from '../../src/metrics/scores.js';

const scoresOf = (rows: readonly (readonly [readonly number[], number])[]) => {
  const scores = new Scores();
  for (const [probabilities, label] of rows) scores.add(Float64Array.from(probabilities), label);
  return scores.result();
};

describe('scores', () => {
  it('of four images by hand', () => {
    // Confidences 0.7 0.7 0.4 0.5, right, wrong, right, right; bins of 1/15: 10, 10, 6 (0.4 = 6/15) and 7
    const { loss, accuracy, top5, ece } = scoresOf([
      [[0.7, 0.2, 0.1], 0],
      [[0.7, 0.2, 0.1], 1],
      [[0.3, 0.4, 0.3], 1],
      [[0.25, 0.25, 0.5], 2],
    ]);
    expect(accuracy).toBe(0.75);
    expect(top5).toBe(1);
    expect(loss).toBeCloseTo(-(Math.log(0.7) + Math.log(0.2) + Math.log(0.4) + Math.log(0.5)) / 4, 12);
    // Bin 10: |1 - 1.4| = 0.4; bin 6: |1 - 0.4| = 0.6; bin 7: |1 - 0.5| = 0.5
    expect(ece).toBeCloseTo((0.4 + 0.6 + 0.5) / 4, 12);
  });

  it('count the label among the five largest, of equals the first', () => {
    const falling = [0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05];
    expect(falling.map((_, label) => scoresOf([[falling, label]]).top5)).toEqual([1, 1, 1, 1, 1, 0, 0]);
    const equal = new Array(8).fill(1 / 8);
    expect(equal.map((_, label) => scoresOf([[equal, label]]).top5)).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    expect(equal.map((_, label) => scoresOf([[equal, label]]).accuracy)).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('stay finite where an ensemble rounds to nothing, and are NaN where a network is', () => {
    expect(scoresOf([[[1, 0], 1]]).loss).toBeCloseTo(-Math.log(Number.MIN_VALUE), 6);
    expect(scoresOf([[[Number.NaN, Number.NaN], 0]]).loss).toBeNaN();
  });

  it('an ensemble is the mean of probabilities', () => {
    const mean = meanProbabilities([Float64Array.from([0.2, 0.8]), Float64Array.from([0.6, 0.4])]);
    expect([...mean].map((p) => Number(p.toFixed(12)))).toEqual([0.4, 0.6]);
  });
});
