import type { Random } from '../../util/random.js';
import type { Size } from '../dataset/dataset.js';
import type { Box } from './crop.js';

/** Which part of an image {@link randomResizedBox} takes. */
export interface RandomResizedCrop {
  /** Least and greatest share of the image's area. */
  readonly scale: readonly [number, number];
  /** Least and greatest width / height. */
  readonly ratio: readonly [number, number];
}

/** torchvision's defaults. */
export const RANDOM_RESIZED_CROP: RandomResizedCrop = { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] };

const ATTEMPTS = 10;

/**
 * A random box inside an image, as torchvision's RandomResizedCrop draws it: area uniform, aspect uniform in its
 * logarithm; after ten boxes that don't fit, the largest central one of an allowed aspect.
 */
export function randomResizedBox(image: Size, ranges: RandomResizedCrop, random: Random): Box {
  return drawBox(image, ranges, image, random) ?? centralBox(image, ranges.ratio);
}

/** The first of ten random boxes of such areas and aspects that isn't larger than `most`, somewhere inside the image. */
export function drawBox(image: Size, { scale, ratio }: RandomResizedCrop, most: Size, random: Random): Box | undefined {
  const area = image.height * image.width;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const target = area * between(scale, random);
    const aspect = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])], random));
    const width = Math.round(Math.sqrt(target * aspect));
    const height = Math.round(Math.sqrt(target / aspect));
    if (width > 0 && width <= most.width && height > 0 && height <= most.height) {
      const top = random.below(image.height - height + 1);
      return { top, left: random.below(image.width - width + 1), height, width };
    }
  }
  return undefined;
}

/** A box of the image's own size, displaced by up to `pad` pixels each way: a crop out of the padded image. */
export function paddedBox({ height, width }: Size, pad: number, random: Random): Box {
  const top = random.below(2 * pad + 1) - pad;
  return { top, left: random.below(2 * pad + 1) - pad, height, width };
}

function centralBox(image: Size, [least, greatest]: readonly [number, number]): Box {
  const aspect = Math.min(greatest, Math.max(least, image.width / image.height));
  const tooWide = aspect < image.width / image.height;
  const tooHigh = aspect > image.width / image.height;
  const width = tooWide ? Math.round(image.height * aspect) : image.width;
  const height = tooHigh ? Math.round(image.width / aspect) : image.height;
  return { top: Math.floor((image.height - height) / 2), left: Math.floor((image.width - width) / 2), height, width };
}

function between([low, high]: readonly [number, number], random: Random): number {
  return low + (high - low) * random.uniform();
}
