import { type Mixing, mixes } from '../data/augment/mixing.js';
import { type Augmentation, defaultAugmentation, NO_AUGMENTATION } from '../data/batch/augment.js';
import type { Dataset, Size } from '../data/dataset/dataset.js';
import { IMAGE_CHANGES, IMAGE_MIXING } from './augmentation-schema.js';
import type { Settings } from './settings.js';

/** The settings that say what is done at random to training images. */
export type AugmentationSettings = Pick<Settings, 'augmentation' | keyof typeof IMAGE_CHANGES>;

/** Whether a setting says what training sees of an image. */
export function isAugmentationKey(key: string): boolean {
  return ['augmentation', ...Object.keys(IMAGE_CHANGES), ...Object.keys(IMAGE_MIXING)].includes(key);
}

/** What is done at random to the training images of a data set: crops and flips, and what other settings add to them. */
export function augmentationFor(
  settings: AugmentationSettings,
  dataset: Pick<Dataset, 'kind' | 'size'>,
  input: Size,
): Augmentation {
  const { randAugment, trivialAugment, colorJitter, randomErasing } = settings;
  return {
    ...cropsAndFlips(settings, dataset, input),
    ...(randAugment && { randAugment: { operations: randAugment[0], magnitude: randAugment[1] } }),
    ...(trivialAugment && { trivialAugment }),
    ...(colorJitter && { colorJitter: jitterRanges(colorJitter) }),
    ...(randomErasing > 0 && { randomErasing }),
  };
}

function cropsAndFlips(
  { augmentation }: Pick<Settings, 'augmentation'>,
  dataset: Pick<Dataset, 'kind' | 'size'>,
  input: Size,
): Augmentation {
  if (augmentation === 'auto') return defaultAugmentation(dataset, input);
  return augmentation === 'none' ? NO_AUGMENTATION : augmentation;
}

function jitterRanges([brightness, contrast, saturation, hue]: NonNullable<AugmentationSettings['colorJitter']>) {
  return { brightness, contrast, saturation, hue };
}

/** How the images of a batch are mixed with each other, if they are. */
export function mixingFor({ mixup, cutmix }: Pick<Settings, keyof typeof IMAGE_MIXING>): Mixing | undefined {
  return mixes({ mixup, cutmix }) ? { mixup, cutmix } : undefined;
}
