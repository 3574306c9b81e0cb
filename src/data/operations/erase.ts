import { at } from '../../util/checked.js';
import type { Box } from '../image/crop.js';
import { type Raster, type Samples, zerosLike } from './raster.js';

/** Fills a part of an image with a colour, one sample a channel. */
export function erase<S extends Samples>(image: Raster<S>, box: Box, colour: readonly number[]): Raster<S> {
  const { width, channels } = image;
  const data = zerosLike(image.data);
  data.set(image.data);
  const row = Array.from({ length: box.width * channels }, (_, i) => at(colour, i % channels));
  for (let y = box.top; y < box.top + box.height; y++) data.set(row, (y * width + box.left) * channels);
  return { ...image, data };
}
