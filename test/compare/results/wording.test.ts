import { describe, expect, it } from 'vitest';
import type { MethodDifference } from '../../../src/compare/results/results.js';
import type { PairedDifference } from '../../../src/compare/results/statistics.js';
import { formatP, formatSigned, formatSummary, sentences, verdict } from '../../../src/compare/results/wording.js';

const between = (difference: PairedDifference, adjustedP?: number): MethodDifference => {
  return {
    measures: {} as MethodDifference['measures'],
    group: 'pair',
    a: 'cd',
    b: 'dml',
    seeds: [0, 1, 2],
    difference,
    ...(adjustedP !== undefined && { adjustedP }),
  };
};

describe('numbers', () => {
  it('have what is known of them', () => {
    const interval = [70.851, 71.629] as const;
    expect(formatSummary({ n: 3, mean: 71.24, sd: 0.3149, interval })).toBe('71.24 ± 0.31 [70.85, 71.63]');
    expect(formatSummary({ n: 1, mean: 71.246 })).toBe('71.25');
  });

  it('have their sign, but none when they round to zero', () => {
    expect([0.125, -0.5, 12, 0, -0.004, 0.004].map((x) => formatSigned(x))).toEqual([
      '+0.13',
      '−0.50',
      '+12.00',
      '0.00',
      '0.00',
      '0.00',
    ]);
    expect(formatSigned(-1.25, 1)).toBe('−1.3');
  });

  it('p is not more exact than it can be', () => {
    expect([0.0004, 0.001, 0.0496, 1, undefined].map(formatP)).toEqual(['< 0.001', '0.001', '0.050', '1.000', '-']);
  });
});

describe('a verdict', () => {
  it.each<[string, PairedDifference, number | undefined]>([
    ["one seed can't tell", { n: 1, mean: 3 }, undefined],
    ['not distinguishable from zero at 3 seeds', { n: 3, mean: 1, interval: [-1, 3], p: 0.2 }, 0.2],
    ['both seeds differ by −1.50: without spread there is no interval', { n: 2, mean: -1.5, sd: 0 }, undefined],
    ['all 3 seeds differ by −1.50: without spread there is no interval', { n: 3, mean: -1.5, sd: 0 }, undefined],
    ['all 4 seeds are equal: without spread there is no interval', { n: 4, mean: 0, sd: 0 }, undefined],
    ['above zero', { n: 3, mean: 1, interval: [0.5, 1.5], p: 0.01 }, 0.02],
    ['below zero', { n: 3, mean: -1, interval: [-1.5, -0.5], p: 0.01 }, 0.049],
    [
      'above zero by its own interval, but not with this many comparisons (Holm)',
      { n: 3, mean: 1, interval: [0.5, 1.5], p: 0.03 },
      0.09,
    ],
  ])('%s', (expected, difference, adjustedP) => {
    expect(verdict(between(difference, adjustedP))).toBe(expected);
  });

  it('is part of a sentence', () => {
    const seen = { n: 3, mean: 1, interval: [0.5, 1.5], p: 0.01, detectable: 0.623 } as const;
    const differences = [between(seen, 0.02), between({ n: 1, mean: -2 })];
    expect(
      sentences({ task: 'single-label', measure: 'mean-last', split: 'test', methods: [], settings: [], differences }),
    ).toEqual([
      'pair: cd against dml: +1.00 points (95 % interval +0.50 to +1.50): above zero; detectable with 80 % power: 0.62 points.',
      "pair: cd against dml: −2.00 points: one seed can't tell.",
    ]);
  });
});
