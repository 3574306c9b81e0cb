import { type Raster, type Samples, zerosLike } from './raster.js';

/** Where an output pixel's colour comes from, in pixels: [y, x]. */
export type Source = (y: number, x: number) => readonly [number, number];

/** An image whose pixels come from elsewhere by an affine map: the nearest one there, black outside. */
export function nearestAffine<S extends Samples>(image: Raster<S>, source: Source): Raster<S> {
  const { data, height, width, channels } = image;
  const out = zerosLike(data);
  const [y0, x0] = source(0, 0);
  const [down, right] = [source(1, 0), source(0, 1)];
  const [yDown, xDown] = [down[0] - y0, down[1] - x0];
  const [yRight, xRight] = [right[0] - y0, right[1] - x0];
  for (let y = 0, to = 0; y < height; y++) {
    const [fromY, fromX] = [y0 + y * yDown + 0.5, x0 + y * xDown + 0.5];
    for (let x = 0; x < width; x++, to += channels) {
      const row = Math.floor(fromY + x * yRight);
      const column = Math.floor(fromX + x * xRight);
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      const from = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c] as number;
    }
  }
  return { ...image, data: out };
}

/** An image whose pixels come from elsewhere: bilinear between four neighbours, black outside. For floating samples. */
export function bilinear<S extends Samples>(image: Raster<S>, source: Source): Raster<S> {
  const { data, height, width, channels } = image;
  const out = zerosLike(data);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) {
      const [sy, sx] = source(y, x);
      blend(image, sy, sx, out, at);
    }
  }
  return { ...image, data: out };
}

function blend({ data, height, width, channels }: Raster, y: number, x: number, out: Samples, at: number): void {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  for (const [row, wy] of [
    [top, top + 1 - y],
    [top + 1, y - top],
  ] as const) {
    if (row < 0 || row >= height || wy === 0) continue;
    for (const [column, wx] of [
      [left, left + 1 - x],
      [left + 1, x - left],
    ] as const) {
      if (column < 0 || column >= width || wx === 0) continue;
      const from = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out[at + c] = (out[at + c] as number) + wy * wx * (data[from + c] as number);
    }
  }
}
