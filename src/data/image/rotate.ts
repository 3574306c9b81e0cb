import type { Pixels } from '../dataset/dataset.js';

/** Turns an image anticlockwise around its centre, by the nearest pixel and with black corners, as torchvision does. */
export function rotate({ data, height, width, channels }: Pixels, degrees: number): Pixels {
  const out = new Uint8Array(data.length);
  const radians = (degrees * Math.PI) / 180;
  const [sin, cos] = [Math.sin(radians), Math.cos(radians)];
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) {
      const row = Math.round(cy + cos * (y - cy) + sin * (x - cx));
      const column = Math.round(cx - sin * (y - cy) + cos * (x - cx));
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      const from = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out[at + c] = data[from + c] as number;
    }
  }
  return { data: out, height, width, channels };
}
