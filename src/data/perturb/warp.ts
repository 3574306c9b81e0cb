import { at } from '../../util/checked.js';
import type { Random } from '../../util/random.js';
import { type AffineMap, affineSource } from '../operations/affine.js';
import { elastic } from '../operations/elastic.js';
import { bilinear } from '../operations/resample.js';
import type { ImageOperation } from './images.js';

/** Ranges of a random affine map, each symmetric around doing nothing, as torchvision's RandomAffine draws them. */
export interface AffineRanges {
  /** Degrees. */
  readonly rotation: number;
  /** Share of height and width. */
  readonly translation: number;
  /** Factors 1 - scale .. 1 + scale. */
  readonly scale: number;
  /** Degrees, along x. */
  readonly shear: number;
}

/** Rotates by up to some degrees around the centre. */
export const rotation = (degrees: number): ImageOperation =>
  affine({ rotation: degrees, translation: 0, scale: 0, shear: 0 });

/** A random affine map of each image: rotation, scale, shear and translation around the centre; bilinear. */
export function affine(ranges: AffineRanges): ImageOperation {
  return (image, random) => bilinear(image, affineSource(drawAffine(ranges, random), image));
}

function drawAffine({ rotation, translation, scale, shear }: AffineRanges, random: Random): AffineMap {
  const within = (range: number) => range * (2 * random.uniform() - 1);
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  return {
    rotation: radians(within(rotation)),
    shear: radians(within(shear)),
    scale: 1 + within(scale),
    shift: [within(translation), within(translation)],
  };
}

/** Warps an image in one of two ways, each as often as the other. */
export const warp = (ranges: AffineRanges): ImageOperation => {
  const changes = [affine(ranges), elastic] as const;
  return (image, random) => at(changes, random.below(changes.length))(image, random);
};
