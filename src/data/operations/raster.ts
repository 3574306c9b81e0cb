import type { Size } from '../dataset/dataset.js';

/** Samples of an image: 8-bit, 0 to 255; or floating, 0 to 1. */
export type Samples = Uint8Array | Float32Array;

/** An image that operations change: samples [height, width, channels], row by row. `Pixels` are such. */
export interface Raster<S extends Samples = Samples> extends Size {
  readonly data: S;
  readonly channels: number;
}

/** The greatest value of a sample. */
export const whiteOf = (data: Samples): number => (data instanceof Uint8Array ? 255 : 1);

/** Zeros of the same type as other samples. What is written into 8-bit ones loses its fraction. */
export function zerosLike<S extends Samples>(data: S): S {
  return (data instanceof Uint8Array ? new Uint8Array(data.length) : new Float32Array(data.length)) as S;
}

/** Makes of every sample by itself what `change` says, cut off at black and white. */
export function mapSamples<S extends Samples>(image: Raster<S>, change: (sample: number) => number): Raster<S> {
  const { data } = image;
  const white = whiteOf(data);
  const out = zerosLike(data);
  const limited = (sample: number) => clamp(change(sample), white);
  if (data instanceof Uint8Array) {
    const table = Uint8Array.from({ length: 256 }, (_, sample) => limited(sample));
    for (let i = 0; i < out.length; i++) out[i] = table[data[i] as number] as number;
  } else {
    for (let i = 0; i < out.length; i++) out[i] = limited(data[i] as number);
  }
  return { ...image, data: out };
}

export const clamp = (x: number, most: number): number => Math.min(most, Math.max(0, x));
