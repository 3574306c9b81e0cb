import type { Pixels } from '../dataset/dataset.js';

/** Mirrors an image left to right. */
export function flipHorizontally({ data, height, width, channels }: Pixels): Pixels {
  const out = new Uint8Array(data.length);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = width - 1; x >= 0; x--) {
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out[at++] = data[from + c] as number;
    }
  }
  return { data: out, height, width, channels };
}
