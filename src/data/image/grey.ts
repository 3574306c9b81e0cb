import type { Preprocessing } from './preprocess.js';

type Normalisation = Pick<Preprocessing, 'mean' | 'std'>;

/**
 * A normalisation for images of so many channels: the averages of red, green and blue for grey ones, which the weights of a first layer go
 * with that are summed over the colours (`greyStem`). Undefined where it is for others.
 */
export function inChannels(given: Normalisation | undefined, channels: number): Normalisation | undefined {
  if (given?.mean.length === channels) return given;
  if (channels !== 1 || given?.mean.length !== 3) return undefined;
  return { mean: [average(given.mean)], std: [average(given.std)] };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
