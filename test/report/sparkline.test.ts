import { describe, expect, it } from 'vitest';
import { sparkline } from '../../src/report/sparkline.js';

describe('sparkline', () => {
  it('goes from the least to the largest value', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([-1, 1], 8)).toBe('▁█');
  });

  it('has the means of neighbours where there are more values than characters', () => {
    // Means 1, 6, 14: the ranges of eight levels begin each 2 of 16 above the least
    expect(sparkline([0, 2, 5, 7, 14, 14], 3, [0, 16])).toBe('▁▄█');
    expect(
      sparkline(
        Array.from({ length: 1000 }, (_, i) => i),
        4,
      ),
    ).toHaveLength(4);
  });

  it('is flat where all are one, and blank where a value is not finite', () => {
    expect(sparkline([3, 3, 3], 8)).toBe('▄▄▄');
    expect(sparkline([0, Number.NaN, 7], 8)).toBe('▁ █');
    expect(sparkline([Number.NaN], 8)).toBe('');
    expect(sparkline([], 8)).toBe('');
    expect(sparkline([1], 0)).toBe('');
  });

  it('keeps to a given range', () => {
    expect(sparkline([0, 3.5], 8, [0, 7])).toBe('▁▅');
  });
});
