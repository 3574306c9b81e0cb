import { toCsvCell } from '../../util/markup.js';
import type { PageDescription } from '../content/page-description.js';
import { ranked, saidOf } from './answer.js';

/** An image with what the model says of it, or why it says nothing. */
export interface Result {
  readonly name: string;
  readonly milliseconds?: number;
  readonly probabilities?: Float32Array;
  readonly error?: string;
}

/** Results as CSV (RFC 4180): a line per image, with the probability of every class. */
export function toCsv(results: readonly Result[], page: PageDescription): string {
  const head = ['file', 'predicted', 'milliseconds', 'error', ...page.classes.map((name) => `probability of ${name}`)];
  const lines = results.map(({ name, milliseconds, probabilities, error = '' }) => {
    const said = probabilities ? saidOf(ranked(probabilities, page), page).map((each) => each.name) : [];
    const numbers = page.classes.map((_, i) => (probabilities ? String(probabilities[i]) : ''));
    return [name, said.join('; '), milliseconds?.toFixed(1) ?? '', error, ...numbers];
  });
  return [head, ...lines].map((cells) => `${cells.map(toCsvCell).join(',')}\r\n`).join('');
}
