import type { Preprocessing } from '../data/image/preprocess.js';
import type { Shape } from '../graph/node/dim.js';
import { at } from '../util/checked.js';

const USUAL_SIDE = 224;

/** Channels, height and width of the images of an input [N, ...]; what it leaves open is as given, or else 3, 224 and 224. */
export function imageSizes(
  [, ...sizes]: Shape,
  {
    channels = 3,
    height = USUAL_SIDE,
    width = USUAL_SIDE,
  }: Partial<Pick<Preprocessing, 'channels' | 'height' | 'width'>> = {},
): number[] {
  const given = [channels, height, width];
  return sizes.map((size, i) => (typeof size === 'number' ? size : at(given, i)));
}
