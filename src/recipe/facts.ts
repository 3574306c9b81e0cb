import { type Dataset, type ImageFile, imageFileAt, type Size } from '../data/dataset/dataset.js';
import { limitSplit, withValidation } from '../data/dataset/split.js';
import { openDataset } from '../data/formats/open.js';
import { openImage, readImageFile } from '../data/image/open-image.js';
import { LARGEST_NATIVE_SIDE } from '../data/image/preprocess.js';
import type { Settings } from '../settings/settings.js';

/** What a recipe depends on of a data set. */
export interface DataFacts {
  /** Images that are trained on: without those that are held out. */
  readonly images: number;
  readonly classes: number;
  /** Whether the images are photographs: files that are mostly larger than what small networks take as it is. */
  readonly photographs: boolean;
}

/** Which of a data set's images are trained on. */
export type Taken = Pick<Settings, 'seed' | 'task' | 'validation'> & { readonly limit?: number | undefined };

/** Files of which the header is read: enough for a median. */
const SAMPLE = 24;

/** Looks at a data set without decoding its images: what is in it, and the sizes in some of its files' headers. */
export async function surveyData(spec: string, { seed, task, validation, limit }: Taken): Promise<DataFacts> {
  const opened = await openDataset(spec, { check: false, task });
  const { train, classes } = withValidation(opened, { fraction: validation }, seed);
  const taken = limit === undefined ? train : limitSplit(train, limit, seed);
  const photographs = taken.source.kind === 'files' && (await usualSide(taken)) > LARGEST_NATIVE_SIDE;
  return { images: taken.length, classes: classes.length, photographs };
}

/** The usual length of an image's longer side, in pixels; 0 where no file can be read. */
async function usualSide({ source }: Dataset['train']): Promise<number> {
  if (source.kind === 'packed') return longerSide(source);
  const count = Math.min(SAMPLE, source.paths.length);
  const sampled = Array.from({ length: count }, (_, i) => {
    return sizeOf(imageFileAt(source, Math.floor((i * source.paths.length) / count)));
  });
  const sizes = (await Promise.all(sampled)).filter((size) => size !== undefined);
  const sides = sizes.map(longerSide).sort((a, b) => a - b);
  return sides[Math.floor(sides.length / 2)] ?? 0;
}

/** Undefined for a file that can't be read: the check of all images says why. */
async function sizeOf(file: ImageFile): Promise<Size | undefined> {
  try {
    return await openImage(await readImageFile(file));
  } catch {
    return undefined;
  }
}

function longerSide({ height, width }: Size): number {
  return Math.max(height, width);
}
