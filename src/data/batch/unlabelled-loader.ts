import { at } from '../../util/checked.js';
import { permutation, stream } from '../../util/random.js';
import type { ImageFiles } from '../dataset/dataset.js';
import { DECODED_PIXELS } from '../image/decode-gate.js';
import type { Preprocessing } from '../image/preprocess.js';
import type { Augmentation } from './augment.js';
import type { BatchTask, MadeBatch } from './batch-maker.js';
import { openBatchPool } from './batch-pool.js';
import { CACHE_BYTES } from './kept-bytes.js';
import { type Batch, inOrder, type Loader } from './loader.js';
import type { PixelBatch } from './pixel-loader.js';
import type { MadePixels } from './pixel-maker.js';

export interface UnlabelledOptions {
  readonly source: ImageFiles;
  readonly preprocessing: Preprocessing;
  readonly augmentation: Augmentation;
  readonly seed: number;
  /** Images in a step. */
  readonly count: number;
  /** Number of worker threads. */
  readonly workers: number;
  /** Whether the batches beside which they go are of bytes. */
  readonly pixels?: boolean;
}

/**
 * A loader's training batches with so many images without labels beside each. These are passed over again and again, each pass in an
 * order of its own, whatever an epoch is: what a step has depends on its number in the run alone.
 */
export function withUnlabelled<Made extends Batch | PixelBatch>(
  labelled: Loader<Made>,
  options: UnlabelledOptions,
): Loader<Made> {
  const { source, preprocessing, augmentation, seed, count, workers, pixels = false } = options;
  const recipe = {
    source,
    preprocessing,
    training: { seed, augmentation },
    cacheBytes: CACHE_BYTES / workers,
    decodedPixels: DECODED_PIXELS / workers,
    pixels,
  };
  const pool = openBatchPool<MadeBatch | MadePixels>(recipe, workers);
  const imageAt = passes(source.paths.length, seed);
  const { steps } = labelled;
  return {
    steps,
    close: async () => void (await Promise.all([labelled.close(), pool.close()])),
    async *epoch({ epoch = 0, firstStep = 0 } = {}) {
      const make = (step: number) => pool.make(taskAt((epoch * steps + step) * count, count, imageAt));
      const batches = labelled.epoch({ epoch, firstStep });
      const others = inOrder(make, firstStep, steps, 2 * workers);
      try {
        for (;;) {
          const [batch, images] = await Promise.all([batches.next(), others.next()]);
          if (batch.done || images.done) return;
          yield { ...batch.value, unlabelled: { ...images.value, size: count } };
        }
      } finally {
        await Promise.all([batches.return(), others.return()]);
      }
    },
  };
}

/** Which of so many images is at a place, counted over passes that have each once. The order of one pass at a time is kept. */
function passes(length: number, seed: number): (place: number) => number {
  let known: { readonly pass: number; readonly order: Uint32Array } | undefined;
  return (place) => {
    const pass = Math.floor(place / length);
    if (known?.pass !== pass) known = { pass, order: permutation(length, stream(seed, 'unlabelled', pass)) };
    return at(known.order, place % length);
  };
}

/** So many images from a place on; the augmentation of each is drawn by its place. */
function taskAt(first: number, count: number, imageAt: (place: number) => number): BatchTask {
  const places = Array.from({ length: count }, (_, r) => first + r);
  return {
    epoch: 0,
    indices: Uint32Array.from(places, imageAt),
    names: places.map((place) => `unlabelled ${place}`),
  };
}
