import type { Comparison, MethodDifference } from './results.js';
import type { PairedDifference, Summary } from './statistics.js';

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

/** A difference and its interval, where there is one. */
export function formatDifference({ mean, interval }: PairedDifference): string {
  return `${formatSigned(mean)}${interval ? ` [${interval.map((x) => formatSigned(x)).join(', ')}]` : ''}`;
}

/** How large a difference is that can be detected. */
export function formatSize(x: number | undefined): string {
  return x === undefined ? '-' : x.toFixed(2);
}

export function formatP(p: number | undefined): string {
  if (p === undefined) return '-';
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** Whether a difference can be told from zero: by its own interval, and with as many comparisons in mind. */
export function verdict({ difference, adjustedP }: Pick<MethodDifference, 'difference' | 'adjustedP'>): string {
  const { interval, n, mean } = difference;
  if (n === 1) return "one seed can't tell";
  if (!interval) return `${n === 2 ? 'both' : `all ${n}`} seeds ${differBy(mean)}: without spread there is no interval`;
  const [low, high] = interval;
  if (low <= 0 && high >= 0) return `not distinguishable from zero at ${n} seeds`;
  const side = low > 0 ? 'above zero' : 'below zero';
  const held = adjustedP !== undefined && adjustedP < 0.05;
  return held ? side : `${side} by its own interval, but not with this many comparisons (Holm)`;
}

function differBy(mean: number): string {
  const text = formatSigned(mean);
  return Number(text) === 0 ? 'are equal' : `differ by ${text}`;
}

/** The comparison in words. */
export function sentences({ differences }: Comparison): string[] {
  return differences.map((each) => {
    const { group, a, b, difference } = each;
    const interval = difference.interval?.map((x) => formatSigned(x)).join(' to ');
    const range = interval ? ` (95 % interval ${interval})` : '';
    const { detectable } = difference;
    const likely = detectable === undefined ? '' : `; detectable with 80 % power: ${formatSize(detectable)} points`;
    return `${group}: ${a} against ${b}: ${formatSigned(difference.mean)} points${range}: ${verdict(each)}${likely}.`;
  });
}
