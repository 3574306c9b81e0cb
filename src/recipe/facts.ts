import { classCounts, type Dataset, type Size } from '../data/dataset/dataset.js';
import { openDataset } from '../data/formats/open.js';
import { openImage, readImageFile } from '../data/image/open-image.js';
import { LARGEST_NATIVE_SIDE } from '../data/image/preprocess.js';
import { at } from '../util/checked.js';

/** What a recipe depends on of a data set. */
export interface DataFacts {
  /** Training images, before any is held out for validation. */
  readonly images: number;
  readonly classes: number;
  /** Training images of the class that has the fewest. */
  readonly fewest: number;
  /** The usual length of an image's shorter side, in pixels. */
  readonly side: number;
  /** Whether the images are photographs: files that are mostly larger than what small networks take as it is. */
  readonly photographs: boolean;
}

/** Files of which the header is read: enough for a median. */
const SAMPLE = 24;

/** Looks at a data set without decoding its images: what is in it, and the sizes in some of its files' headers. */
export async function surveyData(spec: string): Promise<DataFacts> {
  return factsOf(await openDataset(spec, { check: false }));
}

async function factsOf({ train, classes }: Dataset): Promise<DataFacts> {
  const side = await usualSide(train);
  return {
    images: train.length,
    classes: classes.length,
    fewest: Math.min(...classCounts(train.labels, classes.length)),
    side,
    photographs: train.source.kind === 'files' && side > LARGEST_NATIVE_SIDE,
  };
}

async function usualSide({ source }: Dataset['train']): Promise<number> {
  if (source.kind === 'packed') return shorterSide(source);
  const count = Math.min(SAMPLE, source.paths.length);
  const sampled = Array.from({ length: count }, (_, i) => {
    return sizeOf(at(source.paths, Math.floor((i * source.paths.length) / count)));
  });
  const sizes = (await Promise.all(sampled)).filter((size) => size !== undefined);
  const sides = sizes.map(shorterSide).sort((a, b) => a - b);
  return sides[Math.floor(sides.length / 2)] ?? 0;
}

/** Undefined for a file that can't be read: the check of all images says why. */
async function sizeOf(path: string): Promise<Size | undefined> {
  try {
    return await openImage(await readImageFile(path));
  } catch {
    return undefined;
  }
}

function shorterSide({ height, width }: Size): number {
  return Math.min(height, width);
}
