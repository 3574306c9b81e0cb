import { labelsAt } from '../dataset/labels-at.js';
import { openBatchPool } from './batch-pool.js';
import { type Batch, finishedLoader, type Loader, type LoaderOptions, type OpenPool } from './loader.js';
import type { MadePixels } from './pixel-maker.js';

/** A training batch of bytes, to be moved and normalised where they are used; neither mixed nor perturbed. */
export interface PixelBatch extends Pick<Batch, 'labels' | 'targets' | 'indices' | 'size'>, MadePixels {
  /** Images without labels that go beside them. */
  readonly unlabelled?: MadePixels & { readonly size: number };
}

/** Opens a loader of the same batches as `createLoader`, whose images are bytes. */
export function createPixelLoader(options: LoaderOptions): Loader<PixelBatch> {
  const { split } = options;
  const open: OpenPool<MadePixels> = (recipe, workers) => openBatchPool({ ...recipe, pixels: true }, workers);
  return finishedLoader<MadePixels, PixelBatch>(open, options, async (pool, task) => {
    const { indices } = task;
    const [labels, targets] = labelsAt(split, indices);
    return { ...(await pool.make(task)), labels, ...(targets && { targets }), indices, size: indices.length };
  });
}
