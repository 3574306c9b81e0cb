/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  return mean(sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1));
}

/** The slope of the least-squares line through (log x, log y): y grows like x to this power. */
export function growth(points: readonly { readonly x: number; readonly y: number }[]): number {
  const xs = points.map(({ x }) => Math.log(x));
  const ys = points.map(({ y }) => Math.log(y));
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((total, x, i) => total + (x - mx) * ((ys[i] as number) - my), 0);
  return covariance / xs.reduce((total, x) => total + (x - mx) ** 2, 0);
}

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Rounded to so many decimals. */
export function round(value: number, decimals = 1): number {
  return Number(value.toFixed(decimals));
}

/** `12.3 %` of a share. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}
