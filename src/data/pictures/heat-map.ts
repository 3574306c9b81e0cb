import sharp from 'sharp';
import { at } from '../../util/checked.js';
import type { Size } from '../dataset/dataset.js';

/** From what has least to what has most: red, green, blue, alpha. */
const COLOURS = [
  [40, 0, 120, 0],
  [150, 20, 140, 30],
  [230, 70, 60, 110],
  [255, 180, 40, 170],
  [255, 245, 140, 190],
] as const;
/** A longer side is scaled down to this. */
const MOST_SIDE = 16;

/**
 * A map over a picture, [height, width], as a PNG with transparency, as a data address: the smallest number is clear, the largest bright. It has
 * a pixel for each number, so a page shows it enlarged, and smoothed.
 */
export async function heatMapOf(values: ArrayLike<number>, { height, width }: Size): Promise<string> {
  const all = Array.from(values);
  const [least, most] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const range = most - least || 1;
  const pixels = Uint8Array.from(all.flatMap((value) => colourOf((value - least) / range)));
  const png = await sharp(pixels, { raw: { height, width, channels: 4 } })
    .resize({ width: MOST_SIDE, height: MOST_SIDE, fit: 'inside', withoutEnlargement: true })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

/** A colour between those of the scale, for a share in [0, 1]. */
function colourOf(share: number): number[] {
  const place = share * (COLOURS.length - 1);
  const i = Math.min(Math.floor(place), COLOURS.length - 2);
  const [from, to] = [at(COLOURS, i), at(COLOURS, i + 1)];
  return from.map((value, c) => Math.round(value + (place - i) * (at(to, c) - value)));
}
