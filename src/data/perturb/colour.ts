import { at, mapTuple } from '../../util/checked.js';
import { permutation, type Random } from '../../util/random.js';
import { gaussianWeights, smooth } from './gaussian.js';
import { clamp, type ImageOperation, type ImageShape } from './images.js';

/** Greatest change of each property, as torchvision's ColorJitter takes them. */
export interface JitterRanges {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Share of the colour circle. */
  readonly hue: number;
}

/** Standard deviations that torchvision's GaussianBlur draws from, in pixels. */
export const BLUR_SIGMA = { least: 0.1, greatest: 2 };

/** Height and width of a blur's kernel in pixels, both odd. */
export interface BlurKernel {
  readonly height: number;
  readonly width: number;
}

/** Jitters colours, brightness first or last as it falls, then blurs. Grey images have brightness and contrast only. */
export function colourJitterWithBlur(ranges: JitterRanges, { height, width }: BlurKernel): ImageOperation {
  return (image, shape, random) => {
    const sigma = BLUR_SIGMA.least + (BLUR_SIGMA.greatest - BLUR_SIGMA.least) * random.uniform();
    const [along, down] = mapTuple([width, height], (size) => gaussianWeights(sigma, (size - 1) / 2));
    return smooth(jitter(image, shape, ranges, random), shape, along, down);
  };
}

function jitter(image: Float32Array, shape: ImageShape, ranges: JitterRanges, random: Random): Float32Array {
  const factor = (range: number) => 1 + range * (2 * random.uniform() - 1);
  const [brightness, contrast, saturation] = mapTuple([ranges.brightness, ranges.contrast, ranges.saturation], factor);
  const turn = ranges.hue * (2 * random.uniform() - 1);
  const changes: ((x: Float32Array) => Float32Array)[] = [
    (x) => adjustBrightness(x, brightness),
    (x) => adjustContrast(x, shape, contrast),
    ...(shape.channels === 3
      ? [(x: Float32Array) => adjustSaturation(x, saturation), (x: Float32Array) => adjustHue(x, turn)]
      : []),
  ];
  const order = permutation(changes.length, random);
  return order.reduce<Float32Array>((x, i) => at(changes, i)(x), image);
}

/** factor * x. */
export function adjustBrightness(image: Float32Array, factor: number): Float32Array {
  return image.map((x) => clamp(factor * x));
}

/** factor * x + (1 - factor) * (mean of the grey image). */
export function adjustContrast(image: Float32Array, { channels }: ImageShape, factor: number): Float32Array {
  let sum = 0;
  for (let at = 0; at < image.length; at += channels) sum += greyAt(image, at, channels);
  const mean = sum / (image.length / channels);
  return image.map((x) => clamp(factor * x + (1 - factor) * mean));
}

/** factor * x + (1 - factor) * grey, for RGB. */
export function adjustSaturation(image: Float32Array, factor: number): Float32Array {
  return image.map((x, i) => clamp(factor * x + (1 - factor) * greyAt(image, i - (i % 3), 3)));
}

/** Turns the hue by a share of the colour circle, for RGB: value and saturation of HSV stay. */
export function adjustHue(image: Float32Array, turn: number): Float32Array {
  const out = new Float32Array(image.length);
  for (let at = 0; at < image.length; at += 3) {
    const [r, g, b] = image.subarray(at, at + 3) as unknown as [number, number, number];
    const value = Math.max(r, g, b);
    const chroma = value - Math.min(r, g, b);
    const hue = chroma === 0 ? 0 : hueOf(r, g, b, value, chroma);
    const turned = (((hue + turn * 6) % 6) + 6) % 6;
    // Each channel is value - chroma * clamp(min(k, 4 - k)), k its distance on the circle of six
    [5, 3, 1].forEach((n, c) => {
      const k = (n + turned) % 6;
      out[at + c] = value - chroma * clamp(Math.min(k, 4 - k));
    });
  }
  return out;
}

/** Hue in sixths of the circle, from red. */
function hueOf(r: number, g: number, b: number, value: number, chroma: number): number {
  if (value === r) return (g - b) / chroma;
  return value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
}

/** Luma of ITU-R BT.601, as torchvision's grey. */
function greyAt(image: Float32Array, at: number, channels: number): number {
  if (channels === 1) return image[at] as number;
  return 0.2989 * (image[at] as number) + 0.587 * (image[at + 1] as number) + 0.114 * (image[at + 2] as number);
}
