import { at } from '../../util/checked.js';
import { type Random, stream } from '../../util/random.js';
import { type DrawnMix, mixImages } from '../augment/mixing.js';
import type { ImageSource, Pixels } from '../dataset/dataset.js';
import { normalisationTable, type Preprocessing, writeNormalised } from '../image/preprocess.js';
import { type PerturbedImages, perturb } from '../perturb/perturb.js';
import type { PerturbationPool } from '../perturb/pools.js';
import { type Augmentation, augment } from './augment.js';

/** All that the making of batches depends on, besides the images that a batch takes. Plain data. */
export interface BatchRecipe {
  readonly source: ImageSource;
  readonly preprocessing: Preprocessing;
  /** Absent at evaluation. */
  readonly training?: { readonly seed: number; readonly augmentation: Augmentation };
  /** Bound on the decoded image files that are kept. */
  readonly cacheBytes: number;
  /** Bound on the pixels of the image files that are decoded at a time (`DecodeGate`). */
  readonly decodedPixels?: number;
  /** Whether batches are of bytes, to be normalised and moved where they are used (`pixelMaker`). */
  readonly pixels?: boolean;
}

/** A batch to make: positions in the split, and the epoch that the augmentation is drawn for. */
export interface BatchTask {
  readonly epoch: number;
  readonly indices: Uint32Array;
  /** How often the epoch has had each before, where an epoch has images more than once: each time is augmented otherwise. */
  readonly repeats?: Uint32Array;
  /** What the augmentation of each is drawn by in place of its position. */
  readonly names?: readonly string[];
  /** What is to be done to a second copy of the batch, and the step that it is drawn for. */
  readonly perturbation?: { readonly pool: PerturbationPool; readonly operation: string; readonly step: number };
  /** How its images are mixed with each other. The second copy's are not. */
  readonly mix?: DrawnMix;
}

/** Normalised images, [n, channels, height, width]; and perturbed ones, if the task asked for them. */
export interface MadeBatch {
  readonly images: Float32Array<ArrayBuffer>;
  readonly perturbed?: PerturbedImages;
}

/** Hands images to `place`, those of a split at some positions, as they are kept between epochs (`keepForTraining`), each with its place among them. */
export type LoadImages = (indices: Uint32Array, place: (image: Pixels, slot: number) => void) => Promise<void>;

/**
 * A function that makes batches. The augmentation of image i in epoch e is drawn from `stream(seed, 'augment', e, i)`, or
 * `(seed, 'augment', e, i, k)` where it is there for another time, whichever thread makes it and whenever; of one with a name, from
 * `stream(seed, 'augment', e, name)`.
 */
export function batchMaker(
  { preprocessing, training }: Pick<BatchRecipe, 'preprocessing' | 'training'>,
  load: LoadImages,
): (item: BatchTask) => Promise<MadeBatch> {
  const { channels, height, width } = preprocessing;
  const table = normalisationTable(preprocessing);
  const imageLength = channels * height * width;
  return async (task) => {
    const { indices, perturbation, mix } = task;
    const batch = new Float32Array(indices.length * imageLength);
    const pixels: Pixels[] = [];
    const place = (image: Pixels, slot: number) => {
      const random = training && randomOf(task, slot, training.seed);
      const changed = random ? augment(image, training.augmentation, preprocessing, random) : image;
      writeNormalised(changed, table, batch, slot * imageLength);
      if (perturbation) pixels[slot] = changed;
    };
    await load(indices, place);
    const images = mix ? mixImages(batch, mix, preprocessing) : batch;
    if (!perturbation || !training) return { images };
    return { images, perturbed: perturb(pixels, perturbation, training.seed, preprocessing) };
  };
}

/** What the augmentation of the image in a slot of a batch is drawn from. */
export function randomOf({ epoch, indices, names, repeats }: BatchTask, slot: number, seed: number): Random {
  const address = [epoch, names?.[slot] ?? at(indices, slot), ...(repeats?.[slot] ? [at(repeats, slot)] : [])];
  return stream(seed, 'augment', ...address);
}
