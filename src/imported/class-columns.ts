/**
 * Where a classifier has the classes of some data: its index of each, found by name. Names are compared as they are (as Unicode
 * composes them); where that finds none, without regard to case and to what stands between words, and each of the synonyms that
 * commas separate counts (`tench, Tinca tinca`). Undefined unless each class is found, each at an index of its own.
 */
export function classColumns(labels: readonly string[], classes: readonly string[]): number[] | undefined {
  const indexOf = classIndex(labels);
  const columns = classes.map((name) => indexOf(name) ?? -1);
  return columns.includes(-1) || new Set(columns).size < columns.length ? undefined : columns;
}

/** The index of a class among a classifier's, as {@link classColumns} finds it; undefined where it has none of that name. */
export function classIndex(labels: readonly string[]): (name: string) => number | undefined {
  const exact = uniqueIndices(labels.map((label) => [label.normalize('NFC')]));
  const loose = uniqueIndices(labels.map((label) => [label, ...label.split(',')].map(loosely)));
  return (name) => exact.get(name.normalize('NFC')) ?? loose.get(loosely(name));
}

/** The classes that a classifier doesn't name. */
export function unknownClasses(labels: readonly string[], classes: readonly string[]): string[] {
  return classes.filter((name) => !classColumns(labels, [name]));
}

/** The index of each of the spellings of some names; of those that two names share, none. */
function uniqueIndices(names: readonly (readonly string[])[]): Map<string, number> {
  const indices = new Map<string, number>();
  const ambiguous = new Set<string>();
  for (const [i, spellings] of names.entries()) {
    for (const spelling of new Set(spellings)) {
      if (indices.has(spelling)) ambiguous.add(spelling);
      indices.set(spelling, i);
    }
  }
  for (const spelling of ambiguous) indices.delete(spelling);
  return indices;
}

function loosely(name: string): string {
  return name
    .normalize('NFC')
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
}

/** Whether columns are 0, 1, 2, ... */
export function isIdentity(columns: readonly number[]): boolean {
  return columns.every((column, i) => column === i);
}
