import { describe, expect, it } from 'vitest';
import { holm, pairedDifference, summarise } from '../../src/compare/statistics.js';

describe('statistics', () => {
  it('mean, deviation and t interval of 1 .. 5, by hand', () => {
    // sd = sqrt(10 / 4); t(0.975, 4) = 2.776445 from a table; 2.776445 * 1.581139 / sqrt(5) = 1.963243
    const { n, mean, sd, interval } = summarise([1, 2, 3, 4, 5]);
    expect([n, mean]).toEqual([5, 3]);
    expect(sd).toBeCloseTo(1.581139, 6);
    expect(interval?.[0]).toBeCloseTo(3 - 1.963243, 5);
    expect(interval?.[1]).toBeCloseTo(3 + 1.963243, 5);
  });

  it("Student's own data: ten patients, two drugs (1908)", () => {
    const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
    const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    // Published: difference 1.58, t = 4.0621 at 9 degrees of freedom, p = 0.002833, interval 0.70 to 2.46
    const { mean, interval, p } = pairedDifference(second, first);
    expect(mean).toBeCloseTo(1.58, 6);
    expect(p).toBeCloseTo(0.002833, 6);
    expect(interval?.[0]).toBeCloseTo(0.7001, 3);
    expect(interval?.[1]).toBeCloseTo(2.4599, 3);
  });

  it('one number has a mean and no interval', () => {
    expect(summarise([7])).toEqual({ n: 1, mean: 7 });
    expect(pairedDifference([7], [5])).toEqual({ n: 1, mean: 2 });
  });

  it('differences that are all alike', () => {
    expect(pairedDifference([1, 2], [1, 2]).p).toBe(1);
    expect(pairedDifference([2, 3], [1, 2]).p).toBe(0);
  });

  it('Holm by hand', () => {
    // Sorted 0.01 0.03 0.04: times 3, 2, 1, none below one before it
    expect(holm([0.01, 0.04, 0.03]).map((p) => Number(p.toFixed(12)))).toEqual([0.03, 0.06, 0.06]);
    expect(holm([0.6, 0.9])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });
});
