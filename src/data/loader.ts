import { fail } from '../util/error.js';
import type { Augmentation } from './augment.js';
import { plainOrder, shuffledOrder, stepCount } from './batch-order.js';
import { type BatchPool, openBatchPool } from './batch-pool.js';
import type { Split } from './dataset.js';
import type { Preprocessing } from './preprocess.js';

export interface LoaderOptions {
  readonly split: Split;
  readonly preprocessing: Preprocessing;
  readonly batchSize: number;
  /** For training: images are shuffled and augmented, and a last short batch is dropped. Absent at evaluation. */
  readonly training?: { readonly seed: number; readonly augmentation: Augmentation };
  /** Number of worker threads (1). */
  readonly workers?: number;
  /** How many batches are made ahead of the one in use (2 for each worker). */
  readonly prefetch?: number;
  /** Bound on decoded image files that are kept for later epochs, shared out among the workers (1 GiB). */
  readonly cacheBytes?: number;
}

export interface Batch {
  /** Normalised images, [size, channels, height, width]. */
  readonly images: Float32Array<ArrayBuffer>;
  /** Class indices, [size]. */
  readonly labels: Int32Array;
  /** Positions of the images in the split, [size]. */
  readonly indices: Uint32Array;
  readonly size: number;
}

/** Makes batches in worker threads, ahead of their use. One epoch is read at a time. */
export interface Loader {
  /** Number of batches in an epoch. */
  readonly steps: number;
  /**
   * The batches of an epoch in order, from `firstStep` on. Leaving the loop early is fine. A batch that can't be made
   * is an error, after which the loader is closed.
   */
  epoch(at?: { readonly epoch?: number; readonly firstStep?: number }): AsyncGenerator<Batch, void, undefined>;
  /** Ends the worker threads. */
  close(): Promise<void>;
}

const GIBIBYTE = 2 ** 30;

/** Opens a loader for a split. Fewer images than one training batch holds are an error. */
export function createLoader(options: LoaderOptions): Loader {
  const { split, preprocessing, batchSize, training, workers = 1, cacheBytes = GIBIBYTE } = options;
  checkBatchSize(split.length, batchSize, training !== undefined);
  const recipe = {
    source: split.source,
    preprocessing,
    ...(training && { training }),
    cacheBytes: cacheBytes / workers,
  };
  const pool = openBatchPool(recipe, workers);
  const steps = stepCount(split.length, batchSize, training !== undefined);
  const prefetch = options.prefetch ?? 2 * workers;
  return {
    steps,
    close: pool.close,
    epoch({ epoch = 0, firstStep = 0 } = {}) {
      const order = training ? shuffledOrder(split.length, training.seed, epoch) : plainOrder(split.length);
      const make = (step: number) => {
        const indices = order.slice(step * batchSize, (step + 1) * batchSize);
        return makeBatch(pool, split.labels, epoch, indices);
      };
      return inOrder(make, firstStep, steps, prefetch);
    },
  };
}

async function makeBatch(pool: BatchPool, labels: Int32Array, epoch: number, indices: Uint32Array): Promise<Batch> {
  const images = await pool.make({ epoch, indices });
  return { images, labels: Int32Array.from(indices, (i) => labels[i] as number), indices, size: indices.length };
}

/** The results of `make` for first .. end-1 in order, with up to `ahead` more begun before each is asked for. */
async function* inOrder<T>(
  make: (step: number) => Promise<T>,
  first: number,
  end: number,
  ahead: number,
): AsyncGenerator<T, void, undefined> {
  const begun: Promise<T>[] = [];
  for (let next = first, step = first; step < end; step++) {
    for (; next < end && begun.length <= ahead; next++) begun.push(begin(make, next));
    yield await (begun.shift() as Promise<T>);
  }
}

/** Whoever leaves an epoch early never awaits what was begun ahead: its failure must not end the process. */
function begin<T>(make: (step: number) => Promise<T>, step: number): Promise<T> {
  const result = make(step);
  result.catch(() => undefined);
  return result;
}

function checkBatchSize(images: number, batchSize: number, training: boolean): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    fail('batch loader', 'batch size', { expected: 'a whole number above 0', got: `${batchSize}` });
  }
  if (training && images < batchSize) {
    fail('batch loader', 'too few training images for one batch', {
      expected: `${batchSize} or more`,
      got: `${images}`,
      hint: 'Choose a smaller batch size',
    });
  }
}
