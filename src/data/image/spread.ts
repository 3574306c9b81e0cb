import type { Pixels } from '../dataset/dataset.js';

/** Samples whose standard deviation is less than this, of 255, are nearly constant. */
const LEAST_DEVIATION = 4;
/** So many pixels of an image, evenly apart, are looked at. */
const PIXELS = 4096;

/** Whether an image is nearly of one colour: in every channel, the standard deviation of its samples is below 4 of 255. */
export function isNearlyConstant({ data, height, width, channels }: Pixels): boolean {
  const step = Math.max(1, Math.floor((height * width) / PIXELS));
  for (let c = 0; c < channels; c++) if (deviation(data, c, step * channels) >= LEAST_DEVIATION) return false;
  return true;
}

function deviation(data: Uint8Array, first: number, stride: number): number {
  let [count, sum, squares] = [0, 0, 0];
  for (let at = first; at < data.length; at += stride, count++) {
    const value = data[at] as number;
    sum += value;
    squares += value * value;
  }
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}
