import { type Mixing, mixes } from '../data/augment/mixing.js';
import { type Augmentation, defaultAugmentation, NO_AUGMENTATION } from '../data/batch/augment.js';
import type { Dataset, Size } from '../data/dataset/dataset.js';
import { namedDevice } from '../runtime/device-names.js';
import type { IMAGE_CHANGES, IMAGE_MIXING } from './schema/augmentation-schema.js';
import type { RequestedSettings, Settings } from './settings.js';

/** The settings that say what is done at random to training images. */
export type AugmentationSettings = Pick<Settings, 'augmentation' | keyof typeof IMAGE_CHANGES>;

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

/** What it depends on where images are prepared. */
export type PreparationSettings = Pick<
  RequestedSettings,
  'prepareOn' | 'device' | 'place' | 'engine' | 'mixup' | 'cutmix' | 'inputPerturbation' | 'teacher'
>;

/** Whether a step's images come to it as bytes, which it moves and normalises itself. */
export function preparesOnDevice(settings: PreparationSettings): boolean {
  const usual = namedDevice(settings.device)?.state === 'device' ? 'device' : 'host';
  return (settings.prepareOn ?? usual) === 'device' && whyOnHost(settings) === undefined;
}

/** Why the host has to prepare the images; undefined where the device may. */
export function whyOnHost({
  engine,
  place,
  mixup,
  cutmix,
  inputPerturbation,
  teacher,
}: PreparationSettings): string | undefined {
  if (engine === 'ort-training') return 'the engine ort-training has nothing for it';
  if (place !== null) return 'networks in places of their own are fed one by one';
  if (mixes({ mixup, cutmix })) return 'images are mixed when they are normalised already';
  if (inputPerturbation) return 'one network sees images of its own, which are changed on the host';
  if (teacher) return 'the frozen teacher sees them first, prepared';
  return undefined;
}
