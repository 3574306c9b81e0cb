import type { Split } from '../dataset/dataset.js';
import { balancedOrder, repeatsIn } from './balanced-order.js';
import { plainOrder, shuffledOrder, stepCount } from './batch-order.js';

/** What an epoch's order depends on. */
export interface OrderOptions {
  readonly split: Pick<Split, 'length' | 'labels'>;
  readonly batchSize: number;
  /** Absent at evaluation. */
  readonly training?: { readonly seed: number; readonly balanced?: boolean } | undefined;
}

/** Which images an epoch takes, and how often each was there before, where that happens. */
export interface EpochOrder {
  readonly order: Uint32Array;
  readonly repeats?: Uint32Array;
}

/** Evaluation takes all images in their order, training each once at random, or all classes equally often. */
export function epochOrder({ split, training, batchSize }: OrderOptions, epoch: number): EpochOrder {
  if (!training) return { order: plainOrder(split.length) };
  if (!training.balanced) return { order: shuffledOrder(split.length, training.seed, epoch) };
  // As many as are trained on, so that no draw is lost with a last short batch
  const images = stepCount(split.length, batchSize, true) * batchSize;
  const order = balancedOrder(split.labels, images, training.seed, epoch);
  return { order, repeats: repeatsIn(order) };
}
