import { mapConcurrent } from '../../util/concurrency.js';
import { imageFileAt, type Pixels } from '../dataset/dataset.js';
import { pixelsAt } from '../dataset/packed-images.js';
import { withChannels } from '../image/channels.js';
import { withImage } from '../image/decode.js';
import { DecodeGate } from '../image/decode-gate.js';
import { decodingFor } from '../image/preprocess.js';
import { keepForTraining, NO_AUGMENTATION, neededForTraining } from './augment.js';
import { type BatchRecipe, type BatchTask, batchMaker, type LoadImages, type MadeBatch } from './batch-maker.js';
import { ImageCache } from './image-cache.js';
import { type MadePixels, pixelMaker } from './pixel-maker.js';

/** Image files decoded at a time: the threads that Node.js gives to libvips by default. */
const CONCURRENCY = 4;

/** A function that makes batches by a recipe ({@link batchMaker}), of the images that it names. */
export function recipeMaker(recipe: BatchRecipe): (item: BatchTask) => Promise<MadeBatch> {
  return batchMaker(recipe, imageLoader(recipe));
}

/** Likewise, of bytes ({@link pixelMaker}). */
export function pixelRecipeMaker(recipe: BatchRecipe): (item: BatchTask) => Promise<MadePixels> {
  return pixelMaker(recipe, imageLoader(recipe));
}

/** Loads the images of a recipe: decodes files, and keeps what there is room for. */
function imageLoader({ source, preprocessing, training, cacheBytes, decodedPixels }: BatchRecipe): LoadImages {
  const { channels } = preprocessing;
  const augmentation = training?.augmentation ?? NO_AUGMENTATION;
  const keep = (image: Pixels) => keepForTraining(image, augmentation, preprocessing);
  if (source.kind === 'packed') {
    return async (indices, place) => {
      for (const [slot, i] of indices.entries()) place(keep(withChannels(pixelsAt(source, i), channels)), slot);
    };
  }
  const cache = new ImageCache(cacheBytes);
  const needed = neededForTraining(augmentation, preprocessing);
  const decoding = { ...decodingFor(preprocessing, needed), gate: new DecodeGate(decodedPixels) };
  const decode = (i: number) => withImage(imageFileAt(source, i), channels, decoding, keep);
  return async (indices, place) => {
    await mapConcurrent([...indices], CONCURRENCY, async (i, slot) => place(await cache.get(i, () => decode(i)), slot));
  };
}
