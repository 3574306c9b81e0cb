import { describe, expect, it } from 'vitest';
import type { Measure } from '../../../src/compare/experiment/measures.js';
import { compareRuns } from '../../../src/compare/results/results.js';
import { finished } from '../finished.js';

/** Means of the networks: x 60, 65, 70; y 62, 66, 74; z 61, 66, 71. */
const RUNS = [
  finished('x', 0, { last: [50, 70, 72], winner: 1 }),
  finished('y', 0, { last: [60, 64, 66] }),
  finished('z', 0, { last: [61, 61, 63] }),
  finished('x', 1, { last: [60, 70, 71] }),
  finished('y', 1, { last: [62, 70, 75] }),
  finished('z', 1, { last: [60, 72, 73] }),
  finished('x', 2, { last: [70, 70, 73], winner: 1 }),
  finished('y', 2, { last: [73, 75, 78] }),
  finished('z', 2, { last: [70, 72, 74] }),
];

/** The t of a 95 % interval at 2 degrees of freedom, from a table. */
const T2 = 4.302653;

describe('a comparison', () => {
  it("has each method's numbers over its seeds", () => {
    const { split, methods } = compareRuns(RUNS, 'mean-last');
    expect([split, methods.map(({ method }) => method)]).toEqual(['test', ['x', 'y', 'z']]);
    const [x] = methods;
    expect(x?.seeds).toEqual([0, 1, 2]);
    const { n, mean, sd, interval } = x?.measures['mean-last'] ?? {};
    expect([n, mean, sd]).toEqual([3, expect.closeTo(65, 9), expect.closeTo(5, 9)]);
    expect(interval?.[0]).toBeCloseTo(65 - (T2 * 5) / Math.sqrt(3), 4);
    expect(interval?.[1]).toBeCloseTo(65 + (T2 * 5) / Math.sqrt(3), 4);
    expect(x?.networks.map(({ name, accuracy }) => [name, accuracy.mean])).toEqual([
      ['resnet8', expect.closeTo(60, 9)],
      ['resnet20', expect.closeTo(70, 9)],
    ]);
    expect([x?.measures.ece?.mean, x?.measures.top5?.mean]).toEqual([expect.closeTo(6, 9), expect.closeTo(80, 9)]);
    expect([x?.seconds.mean, x?.imagesPerSecond.mean]).toEqual([11, 200]);
  });

  it.each<[Measure, number]>([
    ['mean-last', 65],
    ['mean-best', 55],
    // Of 70, 60 and 70, each 10 lower at the best epoch.
    ['winner-best', 56.6666667],
    ['ensemble-last', 72],
    ['ensemble-best', 62],
  ])('measures %s', (measure, mean) => {
    const [x] = compareRuns(RUNS, measure).methods;
    expect(x?.measures[measure]?.mean).toBeCloseTo(mean, 6);
  });

  it('is of the validation split where a run has no test split', () => {
    const runs = [...RUNS.slice(0, 3), finished('x', 1, { last: [60, 70, 71], test: false })];
    const { split, methods, differences } = compareRuns(runs, 'mean-last');
    expect(split).toBe('validation');
    expect(methods[0]?.measures['mean-last'].mean).toBeCloseTo((60 + 65) / 2 - 20, 6);
    expect(differences.find(({ a, b }) => a === 'y' && b === 'x')?.difference.mean).toBeCloseTo(2, 6);
  });

  it('needs nothing held out where there is a test split, and something to measure', () => {
    const runs = RUNS.map(({ run: { method, seed } }) => finished(method, seed, { last: [50, 70, 72], held: false }));
    expect(compareRuns(runs, 'winner-best')).toMatchObject({ split: 'test', methods: [{ seeds: [0, 1, 2] }, {}, {}] });
    const unmeasured = finished('x', 0, { last: [1, 1, 1], held: false, test: false });
    expect(() => compareRuns([...runs, unmeasured], 'mean-last')).toThrow(
      'builtin: there is nothing to compare runs by: expected a test split, or images held out for validation, got no test',
    );
  });

  it('pairs methods by seeds, and adjusts for as many pairs', () => {
    const { differences } = compareRuns(RUNS, 'mean-last');
    expect(differences.map(({ a, b }) => `${a} - ${b}`)).toEqual(['y - x', 'z - x', 'z - y']);
    const [yx, zx, zy] = differences.map(({ difference, adjustedP }) => {
      return { ...difference, ...(adjustedP !== undefined && { adjustedP }) };
    });
    // y - x is 2, 1, 4: t = sqrt(7). With 2 degrees of freedom p = 1 - t / sqrt(t^2 + 2).
    expect([yx?.mean, yx?.sd]).toEqual([expect.closeTo(7 / 3, 6), expect.closeTo(Math.sqrt(7 / 3), 6)]);
    expect(yx?.p).toBeCloseTo(1 - Math.sqrt(7) / 3, 6);
    // z - x is 1, 1, 1: no spread, nothing to test.
    expect(zx).toEqual({ n: 3, mean: expect.closeTo(1, 6), sd: 0 });
    // z - y is -1, 0, -3: t^2 = 16/7.
    expect([zy?.mean, zy?.p]).toEqual([expect.closeTo(-4 / 3, 6), expect.closeTo(1 - Math.sqrt(16 / 30), 6)]);
    expect(yx?.adjustedP).toBeCloseTo(2 * (1 - Math.sqrt(7) / 3), 6);
    expect(zy?.adjustedP).toBeCloseTo(1 - Math.sqrt(16 / 30), 6);
  });

  it('holds methods against the baseline first', () => {
    const { methods, differences } = compareRuns(RUNS, 'mean-last', 'z');
    expect(methods.map(({ method }) => method)).toEqual(['x', 'y', 'z']);
    expect(differences.map(({ a, b }) => `${a} - ${b}`)).toEqual(['x - z', 'y - z', 'y - x']);
    expect(differences[0]?.difference.mean).toBeCloseTo(-1, 6);
  });

  it('pairs only what both methods have, and only within a group', () => {
    const other = finished('y', 0, { group: 'trio', last: [1, 1, 1] });
    const { methods, differences } = compareRuns(
      [RUNS[0], RUNS[3], RUNS[4], other].flatMap((run) => run ?? []),
      'mean-last',
    );
    expect(methods.map(({ group, method }) => [group, method])).toEqual([
      ['pair', 'x'],
      ['pair', 'y'],
      ['trio', 'y'],
    ]);
    const measures = differences[0]?.measures;
    expect(differences).toEqual([
      { group: 'pair', a: 'y', b: 'x', seeds: [1], difference: { n: 1, mean: expect.closeTo(1, 6) }, measures },
    ]);
    expect(measures?.['ensemble-last']).toEqual({ n: 1, mean: expect.closeTo(4, 6) });
    expect(measures?.ece).toEqual({ n: 1, mean: expect.closeTo(0, 6) });
    const apart = [RUNS[0], RUNS[4]].flatMap((run) => run ?? []);
    expect(compareRuns(apart, 'mean-last').differences).toEqual([]);
  });
});
