import { at } from '../../util/checked.js';
import { type Random, stream } from '../../util/random.js';
import type { Pixels, Size } from '../dataset/dataset.js';
import type { Raster } from '../operations/raster.js';

/** Images of one size in pixel space: samples in [0, 1], [count, height, width, channels]. */
export interface ImageBatch extends Size {
  readonly data: Float32Array<ArrayBuffer>;
  readonly count: number;
  readonly channels: number;
}

/** What an operation makes of a batch. */
export interface Perturbed {
  readonly images: ImageBatch;
  /** Which image of the batch each one is mixed with, maybe itself. Absent where nothing is mixed. */
  readonly partners?: Uint32Array;
  /** The share of the own image, in [0, 1]: 1 where nothing is mixed. */
  readonly lambda: number;
}

/** Changes a whole batch. All that is random comes from `random`, in a fixed order. */
export type Operation = (images: ImageBatch, random: Random) => Perturbed;

/** Changes one image. */
export type ImageOperation = (image: Raster<Float32Array>, random: Random) => Raster<Float32Array>;

/** An operation that treats every image by itself, with random numbers of its own. */
export function imagewise(change: ImageOperation): Operation {
  return (batch, random) => {
    const { height, width, channels } = batch;
    const data = new Float32Array(batch.data.length);
    const length = height * width * channels;
    for (let i = 0; i < batch.count; i++) {
      const image = { data: batch.data.subarray(i * length, (i + 1) * length), height, width, channels };
      data.set(change(image, random).data, i * length);
    }
    return { images: { ...batch, data }, lambda: 1 };
  };
}

/** An operation that treats every image alike: what is random is drawn once for the batch. */
export function batchwise(change: ImageOperation): Operation {
  return (batch, random) => {
    const seed = random.below(2 ** 32);
    return imagewise((image) => change(image, stream(seed)))(batch, random);
  };
}

/** 8-bit images of one size as a batch. */
export function toBatch(images: readonly Pixels[]): ImageBatch {
  const { height, width, channels } = at(images, 0);
  const length = height * width * channels;
  const data = new Float32Array(images.length * length);
  for (const [i, image] of images.entries()) {
    for (let at = 0; at < length; at++) data[i * length + at] = (image.data[at] as number) / 255;
  }
  return { data, count: images.length, height, width, channels };
}
