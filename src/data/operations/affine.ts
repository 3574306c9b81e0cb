import type { Size } from '../dataset/dataset.js';
import type { Raster, Samples } from './raster.js';
import { nearestAffine, type Source } from './resample.js';

/** An affine map around the centre of an image. */
export interface AffineMap {
  /** Radians. */
  readonly rotation: number;
  readonly shear: number;
  readonly scale: number;
  /** Shares of height and width. */
  readonly shift: readonly [number, number];
}

const NOTHING: AffineMap = { rotation: 0, shear: 0, scale: 1, shift: [0, 0] };

/** The inverse of p -> centre + shift + scale * R * S * (p - centre), with S = [[1, 0], [tan(shear), 1]] on (y, x). */
export function affineSource({ rotation, shear, scale, shift }: AffineMap, { height, width }: Size): Source {
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  const [sin, cos, slant] = [Math.sin(rotation), Math.cos(rotation), Math.tan(shear)];
  return (y, x) => {
    const [dy, dx] = [(y - cy - shift[0] * height) / scale, (x - cx - shift[1] * width) / scale];
    const [ry, rx] = [cos * dy + sin * dx, -sin * dy + cos * dx];
    return [cy + ry, cx + rx - slant * ry];
  };
}

/** Turns an image anticlockwise around its centre, by the nearest pixel and with black corners, as torchvision does. */
export function rotate<S extends Samples>(image: Raster<S>, degrees: number): Raster<S> {
  return nearestAffine(image, affineSource({ ...NOTHING, rotation: (degrees * Math.PI) / 180 }, image));
}

/** Shifts rows to the left by `factor` times their distance from the top edge; nearest pixel, black outside. */
export function shearX<S extends Samples>(image: Raster<S>, factor: number): Raster<S> {
  return nearestAffine(image, (y, x) => [y, x + factor * (y + 0.5)]);
}

/** Shifts columns up by `factor` times their distance from the left edge; nearest pixel, black outside. */
export function shearY<S extends Samples>(image: Raster<S>, factor: number): Raster<S> {
  return nearestAffine(image, (y, x) => [y + factor * (x + 0.5), x]);
}
