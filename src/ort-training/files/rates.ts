import { fail } from '../../util/error.js';

/** The learning rates of updates, from the first on; the last one stays. */
export type Rates = Float32Array | readonly number[];

/** What an optimizer model holds at most: 40 MB. */
export const MAX_RATES = 10_000_000;

/** Writes down a schedule: the rates of so many updates, without those at the end that repeat the one before. */
export function bakeRates(updates: number, rateAt: (update: number) => number): Float32Array {
  if (updates > MAX_RATES) {
    fail('learning rate', 'its schedule is too long to be written down', {
      expected: `at most ${MAX_RATES} updates`,
      got: String(updates),
      hint: 'Shorten it (--epochs, --steps-per-epoch), or leave --steps-per-epoch out, for a constant rate',
    });
  }
  const rates = new Float32Array(updates);
  for (let i = 0; i < updates; i++) rates[i] = rateAt(i);
  const last = rates.at(-1);
  let length = rates.length;
  while (length > 1 && rates[length - 2] === last) length--;
  return rates.subarray(0, length);
}
