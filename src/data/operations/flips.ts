import { type Raster, type Samples, zerosLike } from './raster.js';

/** Mirrors an image left to right. */
export function flipHorizontally<S extends Samples>(image: Raster<S>): Raster<S> {
  const { data, height, width, channels } = image;
  const out = zerosLike(data);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = width - 1; x >= 0; x--) {
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out[at++] = data[from + c] as number;
    }
  }
  return { ...image, data: out };
}

/** Mirrors an image top to bottom. */
export function flipVertically<S extends Samples>(image: Raster<S>): Raster<S> {
  const { data, height, width, channels } = image;
  const row = width * channels;
  const out = zerosLike(data);
  for (let y = 0; y < height; y++) out.set(data.subarray(y * row, (y + 1) * row), (height - 1 - y) * row);
  return { ...image, data: out };
}
