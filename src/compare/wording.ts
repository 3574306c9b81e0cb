import type { Comparison, MethodDifference } from './results.js';
import type { Summary } from './statistics.js';

/** `71.24 +- 0.31 [70.9, 71.6]`, what there is of it. */
export function formatSummary({ mean, sd, interval }: Summary, digits = 2): string {
  const spread = sd === undefined ? '' : ` ± ${sd.toFixed(digits)}`;
  return `${mean.toFixed(digits)}${spread}${interval ? ` [${interval.map((x) => x.toFixed(digits)).join(', ')}]` : ''}`;
}

/** With its sign, unless it is rounded to zero. */
export function formatSigned(x: number, digits = 2): string {
  const size = Math.abs(x).toFixed(digits);
  if (Number(size) === 0) return size;
  return `${x < 0 ? '−' : '+'}${size}`;
}

export function formatP(p: number | undefined): string {
  if (p === undefined) return '-';
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** Whether a difference can be told from zero: by its own interval, and with as many comparisons in mind. */
export function verdict({ difference, adjustedP }: MethodDifference): string {
  const { interval, n } = difference;
  if (!interval) return `one seed: no interval can be given`;
  const [low, high] = interval;
  if (low <= 0 && high >= 0) return `not distinguishable from zero at ${n} seeds`;
  const side = low > 0 ? 'above zero' : 'below zero';
  const held = adjustedP !== undefined && adjustedP < 0.05;
  return held ? side : `${side} by its own interval, but not with this many comparisons (Holm)`;
}

/** The comparison in words. */
export function sentences({ differences }: Comparison): string[] {
  return differences.map((each) => {
    const { group, a, b, difference } = each;
    const interval = difference.interval?.map((x) => formatSigned(x)).join(' to ');
    const range = interval ? ` (95 % interval ${interval})` : '';
    return `${group}: ${a} against ${b}: ${formatSigned(difference.mean)} points${range}: ${verdict(each)}.`;
  });
}
