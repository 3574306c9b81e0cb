import { bytesOf } from '../../util/typed-array.js';
import { type Dataset, type ImageFiles, splitsOf } from './dataset.js';

/** Hexadecimal digits of a digest: 64 bits tell files apart that nobody forged. */
export const DIGITS = 16;

/** Parts of a data set by name, each with a digest of its content: image files by their path in the set, or blocks of packed images. */
export type ContentDigests = ReadonlyMap<string, string>;

/** What a digest of all parts, in their order, is of. */
export function contentText(parts: ContentDigests): string {
  return [...parts].map(([name, digest]) => JSON.stringify([name, digest])).join('\n');
}

/** What a digest of a data set's classes, counts, labels and names is of; `namesOf` gives the paths of files in the set. */
export function* layoutParts(
  dataset: Dataset,
  namesOf: (files: ImageFiles) => readonly string[],
): Generator<string | Uint8Array> {
  yield JSON.stringify(dataset.classes);
  for (const { name, split } of splitsOf(dataset)) {
    yield `${name}:${split.length}`;
    yield bytesOf(split.labels);
    const { source, targets } = split;
    if (targets) yield targets;
    if (source.kind === 'files') yield namesOf(source).join('\n');
  }
}
