import type { Pixels } from '../dataset/dataset.js';

/** Weights of a pixel and of its eight neighbours in Pillow's filter SMOOTH. */
const OWN = 5;
const WHOLE = OWN + 8;

/** factor * x + (1 - factor) * x smoothed over 3 x 3 pixels; the outermost pixels stay as they are. */
export function adjustSharpness(image: Pixels, factor: number): Pixels {
  const { data, height, width, channels } = image;
  const out = data.slice();
  const row = width * channels;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * row + channels; i < (y + 1) * row - channels; i++) {
      let sum = OWN * (data[i] as number);
      sum += (data[i - row - channels] as number) + (data[i - row] as number) + (data[i - row + channels] as number);
      sum += (data[i - channels] as number) + (data[i + channels] as number);
      sum += (data[i + row - channels] as number) + (data[i + row] as number) + (data[i + row + channels] as number);
      const smooth = (sum / WHOLE + 0.5) | 0;
      const value = factor * (data[i] as number) + (1 - factor) * smooth;
      out[i] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
  }
  return { ...image, data: out };
}
