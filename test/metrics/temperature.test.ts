import { describe, expect, it } from 'vitest';
import { fitTemperature } from '../../src/metrics/temperature.js';
import { sigmoid } from '../../src/util/maths/sigmoid.js';
import { softmax } from '../../src/util/maths/softmax.js';
import { stream } from '../../src/util/random.js';

const CLASSES = 4;

/** Logits that are too large by some factor, with labels drawn from what they should say. */
function drawn(images: number, factor: number) {
  const random = stream(3, 'temperature');
  const rows = Array.from({ length: images }, () => Array.from({ length: CLASSES }, () => 1.5 * random.normal()));
  const labels = rows.map((row) => {
    const probabilities = softmax(row);
    let left = random.uniform();
    return probabilities.findIndex((p) => {
      left -= p;
      return left < 0;
    });
  });
  const targets = rows.flat().map((z) => (random.uniform() < sigmoid(z) ? 1 : 0));
  return { logits: rows.flat().map((z) => factor * z), labels, targets, classes: CLASSES };
}

describe('the temperature', () => {
  it.each([0.25, 1, 3, 9])('by which logits are too large is found: %f', (factor) => {
    const { targets, labels, ...rest } = drawn(4000, factor);
    // Of so many images its standard error is below 2 %
    expect(fitTemperature({ ...rest, labels }) / factor).toBeCloseTo(1, 1);
    expect(fitTemperature({ ...rest, targets }) / factor).toBeCloseTo(1, 1);
  });

  it('is proportional to the logits', () => {
    const { targets: _, ...one } = drawn(200, 1);
    const { targets: __, ...other } = drawn(200, 5);
    expect(fitTemperature(other) / fitTemperature(one)).toBeCloseTo(5, 5);
  });

  it('stays between its bounds where all answers are right, wrong, or far apart', () => {
    const right = { logits: [5, 0, 0, 5], classes: 2 };
    expect(fitTemperature({ ...right, labels: [0, 1] })).toBeCloseTo(0.05, 5);
    expect(fitTemperature({ ...right, labels: [1, 0] })).toBeCloseTo(20, 4);
    expect(fitTemperature({ ...right, targets: [1, 0, 0, 1] })).toBeCloseTo(0.05, 5);
    const far = fitTemperature({ logits: [1e4, -1e4, 1e4, -1e4, -1e4, 1e4], classes: 2, labels: [0, 0, 0] });
    expect(far).toBeCloseTo(20, 4);
  });

  it('is 1 where nothing depends on it', () => {
    expect(fitTemperature({ logits: [2, 2, 2, 2], classes: 2, labels: [0, 1] })).toBe(1);
    expect(fitTemperature({ logits: [0, 0], classes: 2, targets: [1, 0] })).toBe(1);
  });
});
