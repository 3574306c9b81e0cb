import type { Pixels } from '../dataset/dataset.js';
import { clamp, mapSamples } from './raster.js';

/** 255 - x. */
export const invert = (image: Pixels): Pixels => mapSamples(image, (x) => 255 - x);

/** Keeps the first so many bits of each sample. */
export function posterize(image: Pixels, bits: number): Pixels {
  const mask = 256 - 2 ** (8 - bits);
  return mapSamples(image, (x) => x & mask);
}

/** Inverts the samples from a threshold on. */
export const solarize = (image: Pixels, threshold: number): Pixels =>
  mapSamples(image, (x) => (x < threshold ? x : 255 - x));

/** Stretches each channel over the whole range; one of a single value stays as it is. */
export function autocontrast(image: Pixels): Pixels {
  return mapChannels(image, (counts) => {
    const least = counts.findIndex((count) => count > 0);
    const greatest = counts.findLastIndex((count) => count > 0);
    if (greatest <= least) return undefined;
    const factor = 255 / (greatest - least);
    return (x) => (x - least) * factor;
  });
}

/** Makes the histogram of each channel as even as it can be, as Pillow's `ImageOps.equalize` does. */
export function equalize(image: Pixels): Pixels {
  return mapChannels(image, (counts) => {
    const last = counts.findLastIndex((count) => count > 0);
    const step = Math.floor((counts.reduce((a, b) => a + b, 0) - (counts[last] ?? 0)) / 255);
    if (step === 0) return undefined;
    const below = new Uint32Array(256);
    for (let x = 1; x < 256; x++) below[x] = (below[x - 1] as number) + (counts[x - 1] as number);
    return (x) => Math.floor((Math.floor(step / 2) + (below[x] as number)) / step);
  });
}

/** Changes each channel by a function of its samples that depends on how often each value occurs; undefined leaves it. */
function mapChannels(
  image: Pixels,
  changeFor: (counts: Uint32Array) => ((sample: number) => number) | undefined,
): Pixels {
  const { data, channels } = image;
  const out = new Uint8Array(data.length);
  for (let c = 0; c < channels; c++) {
    const counts = new Uint32Array(256);
    for (let i = c; i < data.length; i += channels)
      counts[data[i] as number] = (counts[data[i] as number] as number) + 1;
    const change = changeFor(counts) ?? ((x: number) => x);
    const table = Uint8Array.from({ length: 256 }, (_, x) => clamp(change(x), 255));
    for (let i = c; i < data.length; i += channels) out[i] = table[data[i] as number] as number;
  }
  return { ...image, data: out };
}
