import type { Pixels, Split } from '../dataset/dataset.js';
import { limitSplit } from '../dataset/split.js';

/** Mean and standard deviation (of the population) of each channel, of samples in [0, 1]. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A channel that never changes is divided by this instead of by 0. */
const LEAST_STD = 1e-3;

/** How many files are decoded for the statistics of a folder. */
const MOST_FILES = 2000;

/** The image files of a training split that its statistics are of. */
export function sampledFiles(train: Split, seed: number): Split {
  return limitSplit(train, MOST_FILES, seed);
}

/** How often each sample value occurs, [channels, 256]: never yet. Sums of 8-bit values are exact this way. */
export function noSamples(channels: number): Float64Array {
  return new Float64Array(channels * 256);
}

/** Adds an image's samples, in place. */
export function countSamples({ data, channels }: Pixels, counts: Float64Array): void {
  for (let at = 0; at < data.length; ) {
    for (let c = 0; c < channels; c++) {
      const bin = c * 256 + (data[at++] as number);
      counts[bin] = (counts[bin] as number) + 1;
    }
  }
}

/** What samples that were counted come to. */
export function statisticsOf(counts: Float64Array, channels: number): ChannelStatistics {
  const each = Array.from({ length: channels }, (_, c) => moments(counts.subarray(c * 256, (c + 1) * 256)));
  return { mean: each.map(({ mean }) => mean), std: each.map(({ std }) => Math.max(LEAST_STD, std)) };
}

function moments(counts: Float64Array): { mean: number; std: number } {
  const total = counts.reduce((a, b) => a + b, 0);
  const mean = counts.reduce((sum, n, value) => sum + n * value, 0) / total;
  const variance = counts.reduce((sum, n, value) => sum + n * (value - mean) ** 2, 0) / total;
  return { mean: mean / 255, std: Math.sqrt(variance) / 255 };
}
