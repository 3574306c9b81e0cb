import { describe, expect, it } from 'vitest';
import { holm, pairedDifference, summarise } from '../../../src/compare/results/statistics.js';
import { stream } from '../../../src/util/random.js';

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

  it('differences that are all alike have no spread, and so neither interval nor p', () => {
    expect(pairedDifference([1, 2], [1, 2])).toEqual({ n: 2, mean: 0, sd: 0 });
    expect(pairedDifference([2, 3], [1, 2])).toEqual({ n: 2, mean: 1, sd: 0 });
    // Equal but for the rounding of per cent: 100 * 0.58 - 100 * 0.57 is not 100 * 0.29 - 100 * 0.28.
    const a = [0.58, 0.29, 0.07].map((share) => 100 * share);
    const b = [0.57, 0.28, 0.06].map((share) => 100 * share);
    expect(new Set(a.map((x, i) => x - (b[i] as number))).size).toBeGreaterThan(1);
    expect(pairedDifference(a, b)).toEqual({ n: 3, mean: expect.closeTo(1, 9), sd: 0 });
  });

  it('the detectable difference by hand', () => {
    // Differences 1 .. 5: t(0.975, 4) = 2.776445 and t(0.8, 4) = 0.940965 from a table; times sqrt(2.5 / 5).
    const { detectable } = pairedDifference([1, 2, 3, 4, 5], [0, 0, 0, 0, 0]);
    expect(detectable).toBeCloseTo((2.776445 + 0.940965) * Math.sqrt(0.5), 5);
  });

  it.each([3, 5, 10])('a true difference as large as is detectable with %i pairs is found in about 80 %%', (n) => {
    // With a spread of 1: t quantiles of 0.975 and 0.8 at n - 1 degrees of freedom from a table.
    const [upper, power] = { 3: [4.302653, 1.06066], 5: [2.776445, 0.940965], 10: [2.262157, 0.883404] }[n] as number[];
    const truth = ((upper as number) + (power as number)) / Math.sqrt(n);
    const { uniform } = stream(3, 'power', n);
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const trials = 4000;
    const found = Array.from({ length: trials }, () => {
      const { interval } = summarise(Array.from({ length: n }, () => truth + normal()));
      return interval !== undefined && interval[0] > 0 ? 1 : 0;
    }).reduce((a: number, b) => a + b, 0);
    expect(found / trials).toBeGreaterThan(0.74);
    expect(found / trials).toBeLessThan(0.86);
  });

  it('Holm by hand', () => {
    // Sorted 0.01 0.03 0.04: times 3, 2, 1, none below one before it
    expect(holm([0.01, 0.04, 0.03]).map((p) => Number(p.toFixed(12)))).toEqual([0.03, 0.06, 0.06]);
    expect(holm([0.6, 0.9])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });
});
