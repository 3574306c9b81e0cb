import { at } from '../../util/checked.js';
import type { Pixels } from '../dataset/dataset.js';
import type { Preprocessing } from '../image/preprocess.js';
import { operationStream } from './draw.js';
import { type ImageBatch, toBatch } from './images.js';
import { type PerturbationPool, POOLS } from './pools.js';

/** A perturbed batch, normalised like the clean one: [n, channels, height, width]. */
export interface PerturbedImages {
  readonly images: Float32Array<ArrayBuffer>;
  /** Which image of the batch each one is mixed with, maybe itself; absent where nothing is mixed. */
  readonly partners?: Uint32Array;
  /** The share of the own image. */
  readonly lambda: number;
}

/** Perturbs augmented images of the input size in pixel space, then normalises them. */
export function perturb(
  images: readonly Pixels[],
  { pool, operation, step }: { readonly pool: PerturbationPool; readonly operation: string; readonly step: number },
  seed: number,
  preprocessing: Preprocessing,
): PerturbedImages {
  const change = POOLS[pool][operation];
  if (!change) throw new Error(`internal error: no operation "${operation}" in the pool "${pool}"`);
  const { images: changed, partners, lambda } = change(toBatch(images), operationStream(seed, step));
  return { images: normalise(changed, preprocessing), ...(partners && { partners }), lambda };
}

/** [n, h, w, c] in [0, 1] -> [n, c, h, w], less the mean, over the deviation. */
function normalise({ data, count, height, width, channels }: ImageBatch, { mean, std }: Preprocessing) {
  const out = new Float32Array(data.length);
  const plane = height * width;
  for (let image = 0; image < count; image++) {
    for (let c = 0; c < channels; c++) {
      const [from, to] = [image * plane * channels + c, (image * channels + c) * plane];
      const [shift, factor] = [at(mean, c), 1 / at(std, c)];
      for (let i = 0; i < plane; i++) out[to + i] = ((data[from + i * channels] as number) - shift) * factor;
    }
  }
  return out;
}
