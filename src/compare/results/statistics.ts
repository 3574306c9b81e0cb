// biome-ignore lint/correctness/noUnresolvedImports: a package without an index, found by Node through its main field
import jstat from 'jstat';
import { at } from '../../util/checked.js';

/** A sample: one number a seed. */
export interface Summary {
  readonly n: number;
  readonly mean: number;
  /** Standard deviation with n - 1; undefined for a single number. */
  readonly sd?: number;
  /** 95 % interval of the mean by Student's t; undefined for a single number, and for equal ones, which show no spread. */
  readonly interval?: readonly [number, number];
}

/** A paired difference: a summary of the differences, and how likely one as large is by chance alone. */
export interface PairedDifference extends Summary {
  /** Two-sided p of the paired t test; like the interval undefined where there is no spread. */
  readonly p?: number;
  /** The smallest true difference that as many pairs with this spread are likely to tell from zero. */
  readonly detectable?: number;
}

const CONFIDENCE = 0.95;
/** How likely, at the least, a detectable difference is told from zero. */
const POWER = 0.8;
/** Numbers that are no further apart differ by their rounding alone: they are in per cent, or seconds. */
const ROUNDING = 1e-9;
const { inv: quantile, cdf } = jstat.jStat.studentt;

/** Mean, standard deviation and 95 % interval: mean +- t(0.975, n - 1) sd / sqrt(n). */
export function summarise(values: readonly number[]): Summary {
  const n = values.length;
  const mean = sum(values) / n;
  if (n < 2) return { n, mean };
  if (Math.max(...values) - Math.min(...values) <= ROUNDING) return { n, mean, sd: 0 };
  const sd = Math.sqrt(sum(values.map((x) => (x - mean) ** 2)) / (n - 1));
  const half = (quantile((1 + CONFIDENCE) / 2, n - 1) * sd) / Math.sqrt(n);
  return { n, mean, sd, interval: [mean - half, mean + half] };
}

/**
 * The differences a - b of values that belong together (equal seeds), with the paired t test against zero. Detectable is
 * (t(0.975, n - 1) + t(0.8, n - 1)) sd / sqrt(n): 80 % power at a level of 5 %, before any correction.
 */
export function pairedDifference(a: readonly number[], b: readonly number[]): PairedDifference {
  const summary = summarise(a.map((x, i) => x - at(b, i)));
  const { n, mean, sd } = summary;
  if (!sd) return summary;
  const error = sd / Math.sqrt(n);
  const factor = quantile((1 + CONFIDENCE) / 2, n - 1) + quantile(POWER, n - 1);
  return { ...summary, p: 2 * (1 - cdf(Math.abs(mean) / error, n - 1)), detectable: factor * error };
}

/**
 * Holm's step-down adjustment of p values for as many comparisons (Holm 1979): the k-th smallest of m is multiplied by
 * m - k + 1, and none becomes smaller than one before it.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((i, j) => at(ps, i) - at(ps, j));
  const adjusted = new Array<number>(ps.length);
  let least = 0;
  order.forEach((i, rank) => {
    least = Math.max(least, Math.min(1, at(ps, i) * (ps.length - rank)));
    adjusted[i] = least;
  });
  return adjusted;
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
