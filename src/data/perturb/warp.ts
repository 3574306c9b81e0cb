import { at } from '../../util/checked.js';
import type { Random } from '../../util/random.js';
import { gaussianWeights, smooth } from './gaussian.js';
import type { ImageOperation, ImageShape } from './images.js';
import { resample, type Source } from './sample.js';

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

/** A random affine map of each image: rotation, scale, shear and translation around the centre. */
export function affine(ranges: AffineRanges): ImageOperation {
  return (image, shape, random) => resample(image, shape, affineSource(drawAffine(ranges, random), shape));
}

export interface AffineMap {
  /** Radians. */
  readonly rotation: number;
  readonly shear: number;
  readonly scale: number;
  /** Shares of height and width. */
  readonly shift: readonly [number, number];
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

/** The inverse of p -> centre + shift + scale * R * S * (p - centre), with S = [[1, 0], [tan(shear), 1]] on (y, x). */
export function affineSource({ rotation, shear, scale, shift }: AffineMap, { height, width }: ImageShape): Source {
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  const [sin, cos, slant] = [Math.sin(rotation), Math.cos(rotation), Math.tan(shear)];
  return (y, x) => {
    const [dy, dx] = [(y - cy - shift[0] * height) / scale, (x - cx - shift[1] * width) / scale];
    const [ry, rx] = [cos * dy + sin * dx, -sin * dy + cos * dx];
    return [cy + ry, cx + rx - slant * ry];
  };
}

/** Cells along the longer side of the grid that displacements are drawn on: more would not be seen after smoothing. */
const GRID = 32;
/** Simard et al. 2003 on 28-pixel digits: displacements of 34 pixels, smoothed over 4. */
export const REACH = 34 / 28;
export const SMOOTHING = 4 / 28;

/**
 * Elastic distortion (Simard et al. 2003): every point moves by uniform noise in [-1, 1], smoothed by a Gaussian and
 * scaled; both in proportion to the image, from their 28-pixel digits.
 */
export const elastic: ImageOperation = (image, shape, random) => {
  const { height, width } = shape;
  const cell = Math.max(1, Math.max(height, width) / GRID);
  const grid = { height: Math.ceil(height / cell) + 1, width: Math.ceil(width / cell) + 1, channels: 1 };
  const side = Math.max(height, width);
  const field = () => displacements(grid, (SMOOTHING * side) / cell, REACH * side, random);
  const [down, right] = [field(), field()];
  return resample(image, shape, (y, x) => {
    return [y + valueAt(down, grid, y / cell, x / cell), x + valueAt(right, grid, y / cell, x / cell)];
  });
};

/** Warps an image in one of two ways, each as often as the other. */
export const warp = (ranges: AffineRanges): ImageOperation => {
  const changes = [affine(ranges), elastic] as const;
  return (image, shape, random) => at(changes, random.below(changes.length))(image, shape, random);
};

function displacements(grid: ImageShape, sigma: number, reach: number, random: Random): Float32Array {
  const noise = Float32Array.from({ length: grid.height * grid.width }, () => 2 * random.uniform() - 1);
  return smooth(noise, grid, gaussianWeights(sigma)).map((x) => reach * x);
}

/** Bilinear between the grid's points. */
function valueAt(field: Float32Array, { width }: ImageShape, y: number, x: number): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [fy, fx] = [y - top, x - left];
  const at = (row: number, column: number) => field[row * width + column] ?? 0;
  const upper = at(top, left) * (1 - fx) + at(top, left + 1) * fx;
  return upper * (1 - fy) + (at(top + 1, left) * (1 - fx) + at(top + 1, left + 1) * fx) * fy;
}
