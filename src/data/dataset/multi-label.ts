import { at } from '../../util/checked.js';
import { fail } from '../../util/error.js';
import type { ImageSource, Split } from './dataset.js';

/**
 * A split whose images have any number of classes: of image i those that `names[i]` lists, in any order; a name may be there twice. A name
 * that is none of the classes is an error at `where`.
 */
export function multiLabelSplit(
  source: ImageSource,
  names: readonly (readonly string[])[],
  classes: readonly string[],
  where = 'labels',
): Split {
  const indices = new Map(classes.map((name, c) => [name, c]));
  const indexOf = (name: string) =>
    indices.get(name) ?? fail(where, 'a class name', { expected: `one of ${classes.join(', ')}`, got: `"${name}"` });
  return splitOf(
    source,
    names.map((own) => own.map(indexOf)),
    classes.length,
  );
}

/** A split whose images have any number of classes: of image i those with the indices `members[i]`. */
export function splitOf(source: ImageSource, members: readonly (readonly number[])[], classes: number): Split {
  const targets = new Uint8Array(members.length * classes);
  for (const [i, own] of members.entries()) for (const c of own) targets[i * classes + c] = 1;
  return withTargets(source, targets, classes);
}

/** A split of images with the classes that rows [images, classes] of 0 and 1 give. */
function withTargets(source: ImageSource, targets: Uint8Array, classes: number): Split {
  const length = targets.length / classes;
  const labels = Int32Array.from({ length }, (_, i) => targets.subarray(i * classes, (i + 1) * classes).indexOf(1));
  return { length, labels, targets, source };
}

/** The indices of an image's classes, ascending. */
export function classesOf(
  { labels, targets }: Pick<Split, 'labels' | 'targets'>,
  i: number,
  classes: number,
): number[] {
  if (!targets) return [at(labels, i)];
  const row = targets.subarray(i * classes, (i + 1) * classes);
  return [...row.keys()].filter((c) => row[c] === 1);
}
