import type { Pixels } from '../dataset/dataset.js';
import { withChannels } from '../image/channels.js';
import { resize } from '../image/resize.js';

/** The side of the grey image whose frequencies are looked at, and how many of them along each axis. */
const SIDE = 32;
const FREQUENCIES = 8;

/** cos(π (2x + 1) u / 64): [8, 32] */
const COSINES = Float64Array.from({ length: FREQUENCIES * SIDE }, (_, i) => {
  const [u, x] = [Math.floor(i / SIDE), i % SIDE];
  return Math.cos((Math.PI * (2 * x + 1) * u) / (2 * SIDE));
});

/** A hash of what an image shows: 64 bits, of which few differ where two files have nearly the same picture. */
export interface PerceptualHash {
  readonly low: number;
  readonly high: number;
}

/**
 * The pHash of an image: which of the lowest 8 x 8 frequencies of its 32 x 32 grey form (discrete cosine transform) are above their
 * median (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions").
 */
export function perceptualHash(image: Pixels): PerceptualHash {
  const { data } = resize(withChannels(image, 1), { height: SIDE, width: SIDE });
  const rows = transform((y, x) => data[y * SIDE + x] ?? 0, SIDE);
  const both = transform((u, y) => rows[y * FREQUENCIES + u] ?? 0, FREQUENCIES);
  const sorted = Float64Array.from(both).sort();
  const median = ((sorted[31] ?? 0) + (sorted[32] ?? 0)) / 2;
  let [low, high] = [0, 0];
  for (let bit = 0; bit < 32; bit++) {
    if ((both[bit] ?? 0) > median) low |= 1 << bit;
    if ((both[bit + 32] ?? 0) > median) high |= 1 << bit;
  }
  return { low: low >>> 0, high: high >>> 0 };
}

/** The lowest frequencies of each of some rows of 32 values: [rows, 8] */
function transform(value: (row: number, x: number) => number, rows: number): Float64Array {
  const out = new Float64Array(rows * FREQUENCIES);
  for (let row = 0; row < rows; row++) {
    for (let u = 0; u < FREQUENCIES; u++) {
      let sum = 0;
      for (let x = 0; x < SIDE; x++) sum += (COSINES[u * SIDE + x] ?? 0) * value(row, x);
      out[row * FREQUENCIES + u] = sum;
    }
  }
  return out;
}

/** In how many bits two hashes differ. */
export function hashDistance(a: PerceptualHash, b: PerceptualHash): number {
  return ones(a.low ^ b.low) + ones(a.high ^ b.high);
}

/** How many bits of 32 are set. */
function ones(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
