import { at } from '../util/checked.js';
import { fail } from '../util/error.js';

export interface ClassMap {
  /** The classifier's index of each class of the data, in the data's order; -1 for one without images. */
  readonly map: readonly number[];
  /** The classifier's classes that the data have no images of. */
  readonly absent: readonly string[];
}

const SHOWN = 5;

/**
 * Finds the classes of some data among a classifier's by name (as Unicode composes it). `got` has undefined in place of
 * classes without images. Classes that the classifier doesn't know are an error that names them.
 */
export function classMap(where: string, got: readonly (string | undefined)[], classes: readonly string[]): ClassMap {
  const known = new Map([...synonyms(classes), ...classes.map((name, i) => [name.normalize('NFC'), i] as const)]);
  const map = got.map((name) => (name === undefined ? -1 : (known.get(name.normalize('NFC')) ?? -1)));
  const unknown = got.filter((name, i): name is string => name !== undefined && map[i] === -1);
  if (unknown.length > 0) failUnknown(where, unknown, classes);
  return { map, absent: classes.filter((_, i) => !map.includes(i)) };
}

/** The parts of names with commas, as ImageNet's are (`tench, Tinca tinca`), that one class alone has. */
function synonyms(classes: readonly string[]): (readonly [string, number])[] {
  const parts = classes.flatMap((name, i) => {
    return name.includes(',') ? name.split(',').map((part) => [part.trim().normalize('NFC'), i] as const) : [];
  });
  return parts.filter(([part, i]) => parts.every(([other, j]) => i === j || other !== part));
}

function failUnknown(where: string, unknown: readonly string[], classes: readonly string[]): never {
  const first = at(unknown, 0);
  const like = classes.find((name) => name.toLowerCase() === first.toLowerCase());
  return fail(where, 'classes that the network was not trained on', {
    expected: `only ${listed(classes)}`,
    got: listed(unknown),
    hint: like
      ? `Only the case of "${first}" differs from "${like}": rename it`
      : 'Rename them as it calls them, or leave them out',
  });
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? `, and ${names.length - SHOWN} more` : ''}`;
}
