import type { ImageShape } from './images.js';

/** Where an output pixel's colour comes from, in pixels: [y, x]. */
export type Source = (y: number, x: number) => readonly [number, number];

/** An image whose pixels come from elsewhere: bilinear between four neighbours, black outside. */
export function resample(image: Float32Array, shape: ImageShape, source: Source): Float32Array {
  const { height, width, channels } = shape;
  const out = new Float32Array(image.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) {
      const [sy, sx] = source(y, x);
      blend(image, shape, sy, sx, out, at);
    }
  }
  return out;
}

function blend(image: Float32Array, shape: ImageShape, y: number, x: number, out: Float32Array, at: number): void {
  const { height, width, channels } = shape;
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
      for (let c = 0; c < channels; c++) out[at + c] = (out[at + c] as number) + wy * wx * (image[from + c] as number);
    }
  }
}
