import type { Random } from '../../util/random.js';
import { gaussianWeights, smooth } from './gaussian.js';
import type { Raster } from './raster.js';
import { bilinear } from './resample.js';

/** Cells along the longer side of the grid that displacements are drawn on: more would not be seen after smoothing. */
const GRID = 32;
/** Simard et al. 2003 on 28-pixel digits: displacements of 34 pixels, smoothed over 4. */
export const REACH = 34 / 28;
export const SMOOTHING = 4 / 28;

/**
 * Elastic distortion (Simard et al. 2003): every point moves by uniform noise in [-1, 1], smoothed by a Gaussian and
 * scaled; both in proportion to the image, from their 28-pixel digits.
 */
export function elastic(image: Raster<Float32Array>, random: Random): Raster<Float32Array> {
  const { height, width } = image;
  const cell = Math.max(1, Math.max(height, width) / GRID);
  const grid = { height: Math.ceil(height / cell) + 1, width: Math.ceil(width / cell) + 1 };
  const side = Math.max(height, width);
  const field = () => displacements(grid, (SMOOTHING * side) / cell, REACH * side, random);
  const [down, right] = [field(), field()];
  return bilinear(image, (y, x) => {
    return [y + valueAt(down, y / cell, x / cell), x + valueAt(right, y / cell, x / cell)];
  });
}

type Field = Raster<Float32Array>;

function displacements(
  { height, width }: Pick<Field, 'height' | 'width'>,
  sigma: number,
  reach: number,
  random: Random,
): Field {
  const noise = Float32Array.from({ length: height * width }, () => 2 * random.uniform() - 1);
  const smoothed = smooth({ data: noise, height, width, channels: 1 }, gaussianWeights(sigma));
  return { ...smoothed, data: smoothed.data.map((x) => reach * x) };
}

/** Bilinear between the grid's points. */
function valueAt({ data, width }: Field, y: number, x: number): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [fy, fx] = [y - top, x - left];
  const at = (row: number, column: number) => data[row * width + column] ?? 0;
  const upper = at(top, left) * (1 - fx) + at(top, left + 1) * fx;
  return upper * (1 - fy) + (at(top + 1, left) * (1 - fx) + at(top + 1, left + 1) * fx) * fy;
}
