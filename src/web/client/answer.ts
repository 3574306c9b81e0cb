import type { PageDescription } from '../content/page-description.js';
import { make, nameOf } from './elements.js';

/** How many classes are shown of an image. */
const SHOWN = 5;

/** A class with its probability. */
export interface Ranked {
  readonly name: string;
  readonly probability: number;
}

/** Classes from the most to the least probable; of equals the first comes first. */
export function ranked(probabilities: ArrayLike<number>, { classes }: PageDescription): Ranked[] {
  const all = classes.map((name, i) => ({ name, probability: probabilities[i] ?? 0 }));
  return all.sort((a, b) => b.probability - a.probability);
}

/** The classes that an image is said to have: the most probable, or all that reach the threshold. */
export function saidOf(order: readonly Ranked[], { task, threshold }: PageDescription): readonly Ranked[] {
  return task === 'multi-label' ? order.filter(({ probability }) => probability >= threshold) : order.slice(0, 1);
}

/** What is said of an image, in a line. */
export function saidLine(said: readonly Ranked[]): HTMLElement {
  const names = said.flatMap(({ name }, i) => (i === 0 ? [nameOf(name)] : [', ', nameOf(name)]));
  return make('p', 'said', ...(names.length > 0 ? names : ['None of the classes']));
}

/** The most probable classes with bars. */
export function bars(order: readonly Ranked[], said: readonly Ranked[]): HTMLElement {
  const lines = order.slice(0, SHOWN).map((each) => {
    const fill = make('span', 'fill');
    fill.style.width = `${100 * each.probability}%`;
    const track = make('span', 'track', fill);
    track.setAttribute('aria-hidden', 'true');
    const line = make('li', said.includes(each) ? 'top' : '', make('span', 'name', nameOf(each.name)));
    line.append(track, make('span', 'number', percent(each.probability)));
    return line;
  });
  return make('ol', 'bars', ...lines);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}
