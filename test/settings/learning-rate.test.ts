import { expect, it } from 'vitest';
import { learningRateOf, updatesIn } from '../../src/settings/learning-rate.js';
import { parseSettings } from '../../src/settings/settings.js';

it('the learning rate goes by updates: steps of small batches have those of the large one', () => {
  const large = parseSettings({ epochs: 2, warmupEpochs: 0.75 });
  const small = { ...large, accumulate: 3 };
  const rates = Array.from({ length: 24 }, (_, count) => learningRateOf(small, 12, count));
  expect(rates).toEqual(rates.map((_, count) => learningRateOf(large, 4, Math.floor(count / 3))));
  expect(new Set(rates).size).toBe(8);
});

it('updates are counted over the run', () => {
  // Epochs of 7 steps: the second begins amid an update
  expect([0, 2, 3, 7, 8, 14].map((steps) => updatesIn({ accumulate: 3 }, steps))).toEqual([0, 0, 1, 2, 2, 4]);
});
