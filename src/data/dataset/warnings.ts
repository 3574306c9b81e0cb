import { type Dataset, imagesPerClass, type SplitName, splitsOf } from './dataset.js';

/** So many of the files that are left out are named one by one. */
const NAMED = 10;

/** What the user of a data set should know: what is left out, and what is odd about the rest. A sentence each. */
export function datasetWarnings(dataset: Dataset): string[] {
  return [...leftOutWarnings(dataset), ...datasetNotes(dataset)];
}

/** What of a data set is left out, a sentence each. */
export function leftOutWarnings({ skipped }: Pick<Dataset, 'skipped'>): string[] {
  const more = skipped.length - NAMED;
  return [
    ...skipped.slice(0, NAMED).map(({ path, reason }) => `skipped ${path}: ${reason}`),
    ...(more > 0 ? [`skipped ${more} more (see \`agon data\`)`] : []),
  ];
}

/** What is odd about the images that are used. */
export function datasetNotes(dataset: Dataset): string[] {
  return [...(dataset.notes ?? []), ...(['validation', 'test'] as const).flatMap((name) => lackingNote(dataset, name))];
}

const SHOWN = 5;

/** A split that is measured and lacks classes says nothing of them. */
function lackingNote(dataset: Dataset, name: SplitName): string[] {
  const split = splitsOf(dataset).find((each) => each.name === name)?.split;
  if (!split) return [];
  const counts = imagesPerClass(split, dataset.classes.length);
  const lacking = dataset.classes.filter((_, c) => counts[c] === 0);
  if (lacking.length === 0) return [];
  const names = lacking.slice(0, SHOWN).join(', ') + (lacking.length > SHOWN ? ', ...' : '');
  const what = lacking.length === 1 ? 'class' : `${lacking.length} classes`;
  return [
    `the ${name} split has no image of the ${what} ${names}, so its accuracy says nothing of ${lacking.length === 1 ? 'it' : 'them'}: add some`,
  ];
}
