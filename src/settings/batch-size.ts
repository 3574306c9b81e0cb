import { PRESETS } from './presets.js';
import { parseSettings, type RequestedSettings, type Settings } from './settings.js';

/** Batches of an epoch that a batch size which settles itself leaves. */
const LEAST_STEPS = 4;

/**
 * Settings whose batch size fits the number of training images. One that nobody chose (it is the default's or the preset's) and that
 * no batch can be filled with becomes the largest power of two of which an epoch has four batches; one that was chosen stays, and
 * is an error later on.
 */
export function settleBatchSize(settings: Settings, images: number): Settings {
  if (images >= settings.batchSize || images < 2 || isChosen(settings)) return settings;
  const batchSize = Math.max(2, 2 ** Math.floor(Math.log2(images / LEAST_STEPS)));
  return { ...settings, batchSize };
}

function isChosen({ preset, batchSize }: Settings): boolean {
  return batchSize !== (preset === null ? parseSettings({}).batchSize : PRESETS[preset].batchSize.value);
}

/** What is said of a batch size that settled itself. */
export function settledMessage(before: RequestedSettings, { batchSize }: Settings, images: number): string[] {
  if (batchSize === before.batchSize || before.batchSize === 'auto') return [];
  return [
    `the batch size is ${batchSize} in place of ${before.batchSize}, as there are ${images} training images (--batch-size chooses another)`,
  ];
}

/** The share of the free memory that a batch size may take which settles itself by it. */
export const SHARE = 0.6;
/** What such a batch size may be. */
const CHOICES = [128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 2];
/** Batches of an epoch that it leaves. */
const STEPS = 8;

/** The largest of some batch sizes that fits, of which an epoch of so many images has eight. */
export function largestBatch(images: number, fits: (batch: number) => boolean): number {
  return CHOICES.find((batch) => STEPS * batch <= images && fits(batch)) ?? 2;
}

/** Fewer images left out than this share are no matter: others are in every epoch. */
const NO_MATTER = 0.01;

/** What is said where an epoch's last batch, which isn't whole, leaves out more than 1 % of the images. */
export function leftOverMessage({ batchSize, sampler }: Settings, images: number): string[] {
  // Its draws go on where the epoch before ended
  if (sampler === 'balanced') return [];
  const left = images % batchSize;
  if (left <= NO_MATTER * images || left === images) return [];
  const better = betterBatchSize(batchSize, images);
  const choice = better < batchSize ? `: --batch-size ${better} leaves out ${images % better || 'none'}` : '';
  return [
    `${left} of ${images} training images are left out of every epoch, others each time, as only whole batches of ${batchSize} are trained on${choice}`,
  ];
}

/** Of the batch sizes down to half of one, the largest that leaves out the fewest images. */
export function betterBatchSize(batchSize: number, images: number): number {
  let best = batchSize;
  for (let size = batchSize; size >= Math.max(2, batchSize / 2); size--) {
    if (images % size < images % best) best = size;
  }
  return best;
}
