import { failUsage } from '../io/usage-error.js';

/** Which numbers a flag takes. */
export interface NumberRange {
  readonly whole: boolean;
  /** Smallest and largest number. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Limits that are not included. */
  readonly above?: number | undefined;
  readonly below?: number | undefined;
}

/** Whole numbers from 1. */
export const COUNT: NumberRange = { whole: true, from: 1 };

/** `a whole number from 1`, `a number above 0 and below 1`. */
export function describeRange({ whole, from, to, above, below }: NumberRange): string {
  const lower = from !== undefined ? ` from ${from}` : above !== undefined ? ` above ${above}` : '';
  const upper = to !== undefined ? ` to ${to}` : below !== undefined ? `${lower && ' and'} below ${below}` : '';
  return `${whole ? 'a whole number' : 'a number'}${lower}${upper}`;
}

/** Reads a number given to a flag. What is no number, or out of range, is an error that names the flag, and what else it takes. */
export function parseNumber(flag: string, text: string, range: NumberRange, others: readonly string[] = []): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (inRange(range, value)) return value;
  const expected = [describeRange(range), ...others].join(' or ');
  return failUsage(flag, 'bad value', { expected, got: `"${text}"` });
}

function inRange({ whole, from, to, above, below }: NumberRange, value: number): boolean {
  if (!Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) return false;
  if (from !== undefined && value < from) return false;
  if (to !== undefined && value > to) return false;
  if (above !== undefined && value <= above) return false;
  return below === undefined || value < below;
}
