import { at } from '../../util/checked.js';
import { drawMix, type Mixing } from '../augment/mixing.js';
import type { Dataset, Size } from '../dataset/dataset.js';
import { defaultInputSize, type Preprocessing, preprocessingFor } from '../image/preprocess.js';
import { composeSheet, type SheetRow } from '../perturb/contact-sheet.js';
import type { ImageBatch } from '../perturb/images.js';
import { samplePositions } from '../perturb/samples.js';
import type { Augmentation } from './augment.js';
import { recipeMaker } from './image-loader.js';
import { channelStatistics } from './statistics.js';

export interface AugmentationSheetOptions {
  readonly augmentation: Augmentation;
  /** How the images of a row are mixed with each other, if they are. */
  readonly mixing?: Mixing | undefined;
  /** The input size (that of the data set's images, or 224 x 224). */
  readonly input?: Size | undefined;
  /** Images a row. */
  readonly count: number;
  readonly epochs: number;
  readonly seed: number;
}

/** Bound on decoded images that are kept from one row to the next. */
const CACHE_BYTES = 2 ** 28;

/** A PNG with a row of random training images as they are evaluated, and one for each epoch with what training sees of them. */
export async function augmentationSheet(dataset: Dataset, options: AugmentationSheetOptions): Promise<Buffer> {
  const { augmentation, mixing, count, epochs, seed, input = defaultInputSize(dataset) } = options;
  const indices = samplePositions(dataset, count, seed);
  const std = Array.from({ length: dataset.channels }, () => 1);
  const { mean } = augmentation.randomErasing
    ? await channelStatistics(dataset, { input })
    : { mean: std.map(() => 0) };
  const preprocessing = preprocessingFor(dataset, { mean, std }, input);
  const recipe = { source: dataset.train.source, preprocessing, cacheBytes: CACHE_BYTES };
  const { images } = await recipeMaker(recipe)({ epoch: 0, indices });
  const rows: SheetRow[] = [{ label: 'originals', images: toPixels(images, preprocessing) }];
  const make = recipeMaker({ ...recipe, training: { seed, augmentation } });
  for (let epoch = 0; epoch < epochs; epoch++) {
    const mix = mixing && drawMix(mixing, indices.length, input, seed, epoch);
    const { images } = await make({ epoch, indices, ...(mix && { mix }) });
    const mixed = mix ? `: ${mix.box ? 'CutMix' : 'mixup'} (own share ${mix.lambda.toFixed(2)})` : '';
    rows.push({ label: `epoch ${epoch + 1}${mixed}`, images: toPixels(images, preprocessing) });
  }
  return composeSheet(rows);
}

/** Normalised images [n, channels, height, width], with deviations of 1, in pixel space: [n, height, width, channels]. */
function toPixels(images: Float32Array, { mean, channels, height, width }: Preprocessing): ImageBatch {
  const plane = height * width;
  const data = new Float32Array(images.length);
  for (let i = 0; i < images.length; i++) {
    const channel = Math.floor(i / plane) % channels;
    const pixel = Math.floor(i / (plane * channels)) * plane + (i % plane);
    data[pixel * channels + channel] = (images[i] as number) + at(mean, channel);
  }
  return { data, count: images.length / (plane * channels), height, width, channels };
}
