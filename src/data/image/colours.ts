import type { Pixels } from '../dataset/dataset.js';

/** What shows through transparent parts: white. */
export const BACKGROUND: readonly number[] = [255, 255, 255];

/** ITU-R 601 luma in 16-bit fixed point, as Pillow converts to mode L: [h, w, 3] -> [h, w, 1]. */
export function toGrey({ data, height, width, channels }: Pixels): Pixels {
  const grey = new Uint8Array(height * width);
  for (let i = 0, at = 0; i < grey.length; i++, at += channels) {
    const [r, g, b] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
    grey[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
  }
  return { data: grey, height, width, channels: 1 };
}
