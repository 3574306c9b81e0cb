import type { Raster } from './raster.js';

/** A Gaussian's weights at -r .. r, r = 3 sigma rounded up; they add up to 1. */
export function gaussianWeights(sigma: number, radius = Math.max(1, Math.ceil(3 * sigma))): number[] {
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Smooths along rows and down columns; what lies outside is the mirror image (without its edge), as torchvision's blur pads. */
export function smooth(image: Raster<Float32Array>, along: readonly number[], down = along): Raster<Float32Array> {
  const { height, width, channels } = image;
  const rows = alongAxis(image.data, { outer: height, size: width, inner: channels }, along);
  return { ...image, data: alongAxis(rows, { outer: 1, size: height, inner: width * channels }, down) };
}

interface Axis {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

function alongAxis(data: Float32Array, { outer, size, inner }: Axis, weights: readonly number[]): Float32Array {
  const out = new Float32Array(data.length);
  const radius = (weights.length - 1) / 2;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < size; i++) {
      for (let k = -radius; k <= radius; k++) {
        const from = (o * size + reflect(i + k, size)) * inner;
        const weight = weights[k + radius] as number;
        const to = (o * size + i) * inner;
        for (let c = 0; c < inner; c++) out[to + c] = (out[to + c] as number) + weight * (data[from + c] as number);
      }
    }
  }
  return out;
}

/** An index mirrored into 0 .. size-1 as often as it takes. */
function reflect(i: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((i % period) + period) % period;
  return within < size ? within : period - within;
}
