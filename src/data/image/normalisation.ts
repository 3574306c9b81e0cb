import { fail } from '../../util/error.js';
import type { Preprocessing } from './preprocess.js';

/** Mean and deviation of each channel, of samples in [0, 1]. */
export type Normalisation = Pick<Preprocessing, 'mean' | 'std'>;

/** Normalisations that go by a name. */
const NORMALISATIONS = {
  /** Of the training images of ImageNet, red, green and blue: what weights of torchvision and mostly of timm were trained with. */
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  /** x / 127.5 - 1, from -1 to 1: TensorFlow's networks of these kinds, and Inception's. */
  tf: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
} as const satisfies Record<string, Normalisation>;

/** A normalisation by its name, or of numbers, for images of so many channels: that {@link inChannels}, or one channel's for each. */
export function normalisationFor(named: keyof typeof NORMALISATIONS | Normalisation, channels: number): Normalisation {
  const { mean, std } = typeof named === 'string' ? NORMALISATIONS[named] : named;
  const suited = inChannels({ mean, std }, channels);
  if (suited) return suited;
  if (mean.length === 1) return { mean: Array(channels).fill(mean[0]), std: Array(channels).fill(std[0]) };
  return fail('settings', 'normalisation', {
    expected: `mean and std of the images' ${channels} channels`,
    got: `those of ${mean.length}`,
  });
}

/**
 * A normalisation for images of so many channels: the averages of red, green and blue for grey ones, which the weights of a first layer go
 * with that are summed over the colours (`greyStem`). Undefined where it is for others.
 */
export function inChannels(given: Normalisation | undefined, channels: number): Normalisation | undefined {
  if (given?.mean.length === channels) return given;
  if (channels !== 1 || given?.mean.length !== 3) return undefined;
  return { mean: [average(given.mean)], std: [average(given.std)] };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
