import { at } from '../../util/checked.js';
import { fail, present } from '../../util/error.js';
import { drawMix, type Mixing } from '../augment/mixing.js';
import type { Split } from '../dataset/dataset.js';
import { labelsAt } from '../dataset/labels-at.js';
import { DECODED_PIXELS } from '../image/decode-gate.js';
import type { Preprocessing } from '../image/preprocess.js';
import { type DrawnPerturbation, drawPerturbation, type InputPerturbation } from '../perturb/draw.js';
import type { Augmentation } from './augment.js';
import type { BatchRecipe, BatchTask, MadeBatch } from './batch-maker.js';
import { stepCount } from './batch-order.js';
import type { BatchPool } from './batch-pool.js';
import { epochOrder } from './epoch-order.js';
import { CACHE_BYTES } from './kept-bytes.js';

export interface LoaderOptions {
  readonly split: Split;
  readonly preprocessing: Preprocessing;
  readonly batchSize: number;
  /** For training: images are shuffled and augmented, and a last short batch is dropped. Absent at evaluation. */
  readonly training?: {
    readonly seed: number;
    readonly augmentation: Augmentation;
    /** Whether every class is drawn equally often (`balancedOrder`); else every image once an epoch. */
    readonly balanced?: boolean;
    /** One network at a time sees a perturbed batch. */
    readonly perturbation?: InputPerturbation;
    /** All networks see mixed images. */
    readonly mixing?: Mixing;
  };
  /** Number of worker threads (1). */
  readonly workers?: number;
  /** How many batches are made ahead of the one in use (2 for each worker). */
  readonly prefetch?: number;
  /** Bound on decoded image files that are kept for later epochs, shared out among the workers (1 GiB). */
  readonly cacheBytes?: number;
}

export interface Batch {
  /** Normalised images, [size, channels, height, width]; mixed ones, if that is asked for. */
  readonly images: Float32Array<ArrayBuffer>;
  /** Class indices, [size]. */
  readonly labels: Int32Array;
  /** Of images with any number of classes, 0 or 1: [size, classes]. */
  readonly targets?: Float32Array;
  /** Positions of the images in the split, [size]. */
  readonly indices: Uint32Array;
  readonly size: number;
  /** Where images are mixed. */
  readonly mixed?: MixedLabels;
  readonly perturbed?: PerturbedBatch;
  /** Images without labels that go beside them, normalised, [size, channels, height, width]. */
  readonly unlabelled?: { readonly images: Float32Array<ArrayBuffer>; readonly size: number };
}

/** The labels of images that are mixed with others of their batch. */
export interface MixedLabels {
  /** Labels of the images that are mixed in, [size]: an image's own where it is mixed with itself. */
  readonly partners: Int32Array;
  /** Likewise their targets, [size, classes], where the batch has such. */
  readonly partnerTargets?: Float32Array;
  /** The share of the own image and label, in [0, 1]. */
  readonly lambda: number;
}

/** What one network sees in place of a batch's images, which aren't mixed but by its own perturbation. */
export interface PerturbedBatch extends DrawnPerturbation, MixedLabels {
  /** Normalised images, [size, channels, height, width]. */
  readonly images: Float32Array<ArrayBuffer>;
}

/** Makes batches ahead of their use. One epoch is read at a time. */
export interface Loader<Made = Batch> {
  /** Number of batches in an epoch. */
  readonly steps: number;
  /**
   * The batches of an epoch in order, from `firstStep` on. Leaving the loop early is fine. A batch that can't be made
   * is an error, after which the loader is closed.
   */
  epoch(at?: { readonly epoch?: number; readonly firstStep?: number }): AsyncGenerator<Made, void, undefined>;
  /** Ends the worker threads. */
  close(): Promise<void>;
}

/** Opens the pool that makes the batches of a recipe. */
export type OpenPool<Made> = (recipe: BatchRecipe, workers: number) => BatchPool<Made>;

/** A loader for a split, whose batches are made by what `open` opens. Fewer images than one training batch holds are an error. */
export function loaderOn(open: OpenPool<MadeBatch>, options: LoaderOptions): Loader {
  const { split, preprocessing, training } = options;
  return finishedLoader<MadeBatch, Batch>(open, options, (pool, task, count) => {
    const { mixing, seed = 0 } = training ?? {};
    const mix = mixing && drawMix(mixing, task.indices.length, preprocessing, seed, count);
    return makeBatch(pool, split, { ...task, ...(mix && { mix }) }, drawFor(options, count));
  });
}

/** A loader of batches that are finished here; `finish` gets each one's task, and its number over all epochs. */
export function finishedLoader<Made, Finished>(
  open: OpenPool<Made>,
  options: LoaderOptions,
  finish: (pool: BatchPool<Made>, task: BatchTask, count: number) => Promise<Finished>,
): Loader<Finished> {
  const { split, preprocessing, batchSize, training, workers = 1, cacheBytes = CACHE_BYTES } = options;
  checkBatchSize(split.length, batchSize, training !== undefined);
  const recipe = {
    source: split.source,
    preprocessing,
    ...(training && { training: { seed: training.seed, augmentation: training.augmentation } }),
    cacheBytes: cacheBytes / workers,
    decodedPixels: DECODED_PIXELS / workers,
  };
  const pool = open(recipe, workers);
  const steps = stepCount(split.length, batchSize, training !== undefined);
  const prefetch = options.prefetch ?? 2 * workers;
  return {
    steps,
    close: pool.close,
    epoch({ epoch = 0, firstStep = 0 } = {}) {
      const { order, repeats } = epochOrder(options, epoch);
      const make = (step: number) => {
        const part = (of: Uint32Array) => of.slice(step * batchSize, (step + 1) * batchSize);
        const task = { epoch, indices: part(order), ...(repeats && { repeats: part(repeats) }) };
        return finish(pool, task, epoch * steps + step);
      };
      return inOrder(make, firstStep, steps, prefetch);
    },
  };
}

/** What is to be perturbed in a step, counted over all epochs. */
function drawFor({ training }: LoaderOptions, step: number): PlannedPerturbation | undefined {
  if (!training?.perturbation) return undefined;
  const drawn = drawPerturbation(training.perturbation, training.seed, step);
  return drawn && { ...drawn, pool: training.perturbation.pool, step };
}

type PlannedPerturbation = DrawnPerturbation & NonNullable<BatchTask['perturbation']>;

async function makeBatch(
  pool: BatchPool,
  split: Split,
  task: BatchTask,
  perturbation: PlannedPerturbation | undefined,
): Promise<Batch> {
  const { indices } = task;
  const { images, perturbed } = await pool.make(perturbation ? { ...task, perturbation } : task);
  const [labels, targets] = labelsAt(split, indices);
  const mixed = task.mix && mixedWith(split, indices, task.mix);
  const own = { labels, ...(targets && { targets }), ...(mixed && { mixed }) };
  const batch = { images, ...own, indices, size: indices.length };
  if (!perturbed || !perturbation) return batch;
  const { network, operation } = perturbation;
  const partners = mixedWith(split, indices, perturbed);
  return { ...batch, perturbed: { network, operation, images: perturbed.images, ...partners } };
}

/** With whose labels those of a batch are mixed: of the images in these slots, or their own. */
function mixedWith(
  split: Split,
  indices: Uint32Array,
  { partners: slots, lambda }: { readonly partners?: Uint32Array | undefined; readonly lambda: number },
): MixedLabels {
  const [partners, partnerTargets] = labelsAt(split, slots?.map((slot) => at(indices, slot)) ?? indices);
  return { partners, ...(partnerTargets && { partnerTargets }), lambda };
}

/** The results of `make` for first .. end-1 in order, with up to `ahead` more begun before each is asked for. */
export async function* inOrder<T>(
  make: (step: number) => Promise<T>,
  first: number,
  end: number,
  ahead: number,
): AsyncGenerator<T, void, undefined> {
  const begun: Promise<T>[] = [];
  for (let next = first, step = first; step < end; step++) {
    for (; next < end && begun.length <= ahead; next++) begun.push(begin(make, next));
    yield await present(begun.shift(), 'a batch');
  }
}

/** Whoever leaves an epoch early never awaits what was begun ahead: its failure must not end the process. */
function begin<T>(make: (step: number) => Promise<T>, step: number): Promise<T> {
  const result = make(step);
  result.catch(() => undefined);
  return result;
}

/** Fails where a split has fewer images than one training batch holds. */
export function checkBatchSize(images: number, batchSize: number, training: boolean): void {
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
