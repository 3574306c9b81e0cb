import type { Pixels, Size } from '../dataset/dataset.js';

/**
 * Bilinear resizing with antialiasing, as Pillow does it (`Image.resize(..., BILINEAR)`, which torchvision uses on
 * images): a triangle filter as wide as the reduction, along rows first, then along columns, each rounded to 8 bits.
 * The sums are in fixed point, so the result is the same on every machine.
 */
export function resize(image: Pixels, { height, width }: Size): Pixels {
  const { data, channels } = image;
  const narrowed = resizeAxis(data, { outer: image.height, inputs: image.width, inner: channels }, width);
  const resized = resizeAxis(narrowed, { outer: 1, inputs: image.height, inner: width * channels }, height);
  return { data: resized, height, width, channels };
}

/** The size an image gets when it is scaled, with its aspect kept, until it just covers `target`. */
export function coveringSize(image: Size, target: Size): Size {
  const { height, width } = image;
  return target.height / height > target.width / width
    ? { height: target.height, width: Math.max(target.width, Math.trunc((target.height * width) / height)) }
    : { height: Math.max(target.height, Math.trunc((target.width * height) / width)), width: target.width };
}

/** Fractional bits of the filter weights: 255 * 2^22 and the rounding still fit in 32 bits. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

/** For each output the first input that it takes, and the weights of that one and of those after it. */
interface Tap {
  readonly first: number;
  readonly weights: Int32Array;
}

function triangleFilter(inputs: number, outputs: number): Tap[] {
  const scale = inputs / outputs;
  const support = Math.max(scale, 1);
  return Array.from({ length: outputs }, (_, output) => {
    const centre = (output + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(inputs, Math.trunc(centre + support + 0.5));
    const weight = (_: unknown, k: number) => Math.max(0, 1 - Math.abs(first + k - centre + 0.5) / support);
    const weights = Array.from({ length: end - first }, weight);
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: Int32Array.from(weights, (w) => Math.trunc(0.5 + (w / sum) * 2 ** PRECISION)) };
  });
}

/** [outer, inputs, inner] -> [outer, outputs, inner] */
function resizeAxis(
  data: Uint8Array,
  { outer, inputs, inner }: { outer: number; inputs: number; inner: number },
  outputs: number,
): Uint8Array {
  if (inputs === outputs) return data;
  const taps = triangleFilter(inputs, outputs);
  const out = new Uint8Array(outer * outputs * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const { first, weights } of taps) {
      const start = (o * inputs + first) * inner;
      let i = 0;
      for (; i + 3 <= inner; i += 3, at += 3) writeThreeSums(data, start + i, inner, weights, out, at);
      for (; i < inner; i++) out[at++] = weightedSum(data, start + i, inner, weights);
    }
  }
  return out;
}

function weightedSum(data: Uint8Array, start: number, stride: number, weights: Int32Array): number {
  let sum = HALF;
  for (let k = 0, from = start; k < weights.length; k++, from += stride) {
    sum = (sum + Math.imul(data[from] as number, weights[k] as number)) | 0;
  }
  return sum >> PRECISION;
}

/** Three neighbouring {@link weightedSum}s at once: four times as fast as one after the other. */
function writeThreeSums(
  data: Uint8Array,
  start: number,
  stride: number,
  weights: Int32Array,
  out: Uint8Array,
  at: number,
): void {
  let a = HALF;
  let b = HALF;
  let c = HALF;
  for (let k = 0, from = start; k < weights.length; k++, from += stride) {
    const weight = weights[k] as number;
    a = (a + Math.imul(data[from] as number, weight)) | 0;
    b = (b + Math.imul(data[from + 1] as number, weight)) | 0;
    c = (c + Math.imul(data[from + 2] as number, weight)) | 0;
  }
  out[at] = a >> PRECISION;
  out[at + 1] = b >> PRECISION;
  out[at + 2] = c >> PRECISION;
}
