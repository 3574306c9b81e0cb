import { at, mapTuple } from '../../util/checked.js';
import { permutation, type Random } from '../../util/random.js';
import { clamp, mapSamples, type Raster, type Samples, whiteOf, zerosLike } from './raster.js';

/** Greatest change of each property, as torchvision's ColorJitter takes them; none above 1. */
export interface JitterRanges {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Share of the colour circle. */
  readonly hue: number;
}

/** Changes each property by a factor (hue: a turn) within its range, in random order. Grey images have brightness and contrast only. */
export function colourJitter<S extends Samples>(image: Raster<S>, ranges: JitterRanges, random: Random): Raster<S> {
  const factor = (range: number) => 1 + range * (2 * random.uniform() - 1);
  const [brightness, contrast, saturation] = mapTuple([ranges.brightness, ranges.contrast, ranges.saturation], factor);
  const turn = ranges.hue * (2 * random.uniform() - 1);
  const changes: ((x: Raster<S>) => Raster<S>)[] = [
    (x) => adjustBrightness(x, brightness),
    (x) => adjustContrast(x, contrast),
    ...(image.channels === 3
      ? [(x: Raster<S>) => adjustSaturation(x, saturation), (x: Raster<S>) => adjustHue(x, turn)]
      : []),
  ];
  const order = permutation(changes.length, random);
  return order.reduce((x, i) => at(changes, i)(x), image);
}

/** factor * x. */
export function adjustBrightness<S extends Samples>(image: Raster<S>, factor: number): Raster<S> {
  return mapSamples(image, (x) => factor * x);
}

/** factor * x + (1 - factor) * (mean of the grey image). */
export function adjustContrast<S extends Samples>(image: Raster<S>, factor: number): Raster<S> {
  const { data, channels } = image;
  let sum = 0;
  for (let at = 0; at < data.length; at += channels) sum += greyAt(data, at, channels);
  const mean = sum / (data.length / channels);
  return mapSamples(image, (x) => factor * x + (1 - factor) * mean);
}

/** factor * x + (1 - factor) * grey; grey images stay as they are. */
export function adjustSaturation<S extends Samples>(image: Raster<S>, factor: number): Raster<S> {
  const { data, channels } = image;
  if (channels !== 3) return image;
  const white = whiteOf(data);
  const out = zerosLike(data);
  for (let at = 0; at < data.length; at += 3) {
    const grey = (1 - factor) * greyAt(data, at, 3);
    for (let i = at; i < at + 3; i++) out[i] = clamp(factor * (data[i] as number) + grey, white);
  }
  return { ...image, data: out };
}

/** Turns the hue by a share of the colour circle, from -1 to 1: value and saturation of HSV stay. Grey images stay as they are. */
export function adjustHue<S extends Samples>(image: Raster<S>, turn: number): Raster<S> {
  const { data, channels } = image;
  if (channels !== 3) return image;
  const out = zerosLike(data);
  const rounding = data instanceof Uint8Array ? 0.5 : 0;
  for (let at = 0; at < data.length; at += 3) {
    const [r, g, b] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
    const value = Math.max(r, g, b);
    const chroma = value - Math.min(r, g, b);
    const hue = chroma === 0 ? 0 : hueOf(r, g, b, value, chroma);
    const turned = within6(within6(hue + turn * 6) + 6);
    for (let c = 0; c < 3; c++) {
      // value - chroma * clamp(min(k, 4 - k)), k the distance of red, green or blue on the circle of six
      const k = within6(5 - 2 * c + turned);
      out[at + c] = value - chroma * clamp(Math.min(k, 4 - k), 1) + rounding;
    }
  }
  return { ...image, data: out };
}

/** x % 6, of less than 12 either way. */
function within6(x: number): number {
  if (x >= 6) return x - 6;
  return x <= -6 ? x + 6 : x;
}

/** Hue in sixths of the circle, from red. */
function hueOf(r: number, g: number, b: number, value: number, chroma: number): number {
  if (value === r) return (g - b) / chroma;
  return value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
}

/** Luma of ITU-R BT.601, as torchvision's grey. */
function greyAt(data: Samples, at: number, channels: number): number {
  if (channels === 1) return data[at] as number;
  return 0.2989 * (data[at] as number) + 0.587 * (data[at + 1] as number) + 0.114 * (data[at + 2] as number);
}
