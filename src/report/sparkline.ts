const LEVELS = [...'▁▂▃▄▅▆▇█'];
const UNKNOWN = ' ';
/** Where all values are one. */
const MIDDLE = 3;

/** The least and the largest of the finite values. */
export type Range = readonly [number, number];

/** The range of numbers; undefined where none is finite. */
export function rangeOf(values: readonly number[]): Range | undefined {
  const finite = values.filter(Number.isFinite);
  return finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : undefined;
}

/** A curve in one line of text, `width` characters at most: of more values, each character is the mean of some. */
export function sparkline(values: readonly number[], width: number, range = rangeOf(values)): string {
  if (width < 1 || !range) return '';
  const [low, high] = range;
  const points = Math.min(width, values.length);
  return Array.from({ length: points }, (_, i) => {
    const [begin, end] = [i, i + 1].map((each) => Math.floor((each * values.length) / points));
    const mean = meanOf(values.slice(begin, end));
    if (!Number.isFinite(mean)) return UNKNOWN;
    const share = (mean - low) / (high - low);
    return LEVELS[high > low ? Math.min(LEVELS.length - 1, Math.floor(share * LEVELS.length)) : MIDDLE];
  }).join('');
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
