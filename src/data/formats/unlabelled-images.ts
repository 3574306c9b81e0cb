import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { fail } from '../../util/error.js';
import { lookAtFiles } from '../check/image-check.js';
import type { ContentDigests } from '../dataset/content.js';
import { type Dataset, type ImageFiles, imageFilesOf, type SkippedFile, splitsOf } from '../dataset/dataset.js';
import { fileDigests } from '../dataset/digests.js';
import { selectSource } from '../dataset/split.js';
import { imagesNamed } from './image-arguments.js';

/** Images without labels that can be read, sorted by path. */
export interface UnlabelledImages {
  /** What they were opened from. */
  readonly name: string;
  /** With sizes and digests. */
  readonly source: ImageFiles;
  /** Images that can't be read, and why. */
  readonly skipped: readonly SkippedFile[];
  /** How many other files there are. */
  readonly others: number;
}

/**
 * Opens the images in a folder of any structure, or in an archive, and looks at each once; those that can't be read are left out. It is an
 * error if there is none that can. `onProgress` is called with each that was looked at.
 */
export async function openUnlabelled(name: string, onProgress: () => void = () => {}): Promise<UnlabelledImages> {
  if (!existsSync(name)) fail(name, 'the unlabelled images are not there', { hint: HINT });
  const named = await imagesNamed(name);
  if ('error' in named) return fail(name, named.error, { hint: HINT });
  const { source, readable, skipped } = await lookAtFiles(name, imageFilesOf(named.files), onProgress);
  return { name, source: selectSource(source, readable), skipped, others: named.others };
}

const HINT = 'Name a folder or an archive of images (--unlabelled)';

/** The digest of each by its path in what they were opened from. */
export function unlabelledDigests({ name, source }: UnlabelledImages): ContentDigests {
  return new Map(fileDigests(source, name));
}

/** What there is to know of them: a sentence each. */
export function unlabelledWarnings({ name, source, skipped, others }: UnlabelledImages, dataset: Dataset): string[] {
  const [first] = skipped;
  const [unread, measured] = [skipped.length, countMeasured(source, dataset)];
  const why = first && `the first ${relative(name, first.path)}: ${first.reason}`;
  return [
    ...(why ? [`${name}: ${unread} of the unlabelled images ${areLeftOut(unread)} as unreadable, ${why}`] : []),
    ...(others > 0 ? [`${name}: ${others} other ${others === 1 ? 'file' : 'files'} ${areLeftOut(others)}`] : []),
    ...(measured > 0
      ? [
          `${measured} of the unlabelled images ${measured === 1 ? 'is a validation or test image' : 'are validation or test images'}, too: what is measured there is of images that were learned from, if without their labels`,
        ]
      : []),
  ];
}

const areLeftOut = (files: number) => `${files === 1 ? 'is' : 'are'} left out`;

/** How many are the same files as images that networks are measured on. */
function countMeasured({ digests = [] }: ImageFiles, dataset: Dataset): number {
  const measured = new Set(
    splitsOf(dataset).flatMap(({ name, split: { source } }) =>
      name !== 'train' && source.kind === 'files' ? (source.digests ?? []) : [],
    ),
  );
  return digests.filter((digest) => measured.has(digest)).length;
}
