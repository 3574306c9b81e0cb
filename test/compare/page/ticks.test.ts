import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ticksAround } from '../../../src/compare/page/ticks.js';

it.each<[number, number, number[]]>([
  [7.9, 13.2, [6, 8, 10, 12, 14]],
  [-4.66, 4.4, [-6, -4, -2, 0, 2, 4, 6]],
  [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [5, 5, [5, 5.2]],
])('ticks from %f to %f', (low, high, expected) => {
  expect(ticksAround(low, high)).toEqual(expected);
});

it('hold whatever is between them, evenly apart and not too many', () => {
  const number = fc.double({ min: -1000, max: 1000, noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(number, fc.double({ min: 1e-3, max: 1000, noNaN: true }), (low, length) => {
      const ticks = ticksAround(low, low + length);
      const step = (ticks[1] as number) - (ticks[0] as number);
      expect(ticks[0]).toBeLessThanOrEqual(low + 1e-6 * step);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(low + length - 1e-6 * step);
      expect(ticks.length).toBeGreaterThanOrEqual(3);
      expect(ticks.length).toBeLessThanOrEqual(8);
      for (const [i, tick] of ticks.entries()) expect(tick).toBeCloseTo((ticks[0] as number) + i * step, 6);
    }),
  );
});
