import { formatPercent, shorten } from '../../report/format.js';
import type { Words } from '../content/report-data.js';

/** A name in a sentence is at most so long. */
const LONGEST = 48;

/** A name from outside, as a sentence has it. */
export function named(name: string): { readonly name: string } {
  return { name: shorten(name, LONGEST) };
}

/** `1.9 points`. */
export function points(difference: number): string {
  return `${(100 * Math.abs(difference)).toFixed(1)} points`;
}

/** `74.3 to 82.6 %`. */
export function range([low, high]: readonly [number, number]): string {
  return `${(100 * low).toFixed(1)} to ${formatPercent(high)}`;
}

/** Words one after the other, with a text between them. */
export function joined(parts: readonly Words[], between: string): Words {
  return parts.flatMap((part, i) => (i === 0 ? part : [between, ...part]));
}

/** Words as plain text. */
export function plainText(words: Words): string {
  const textOf = (part: Words[number]) => {
    if (typeof part === 'string') return part;
    return 'name' in part ? part.name : part.command;
  };
  return words.map(textOf).join('');
}
