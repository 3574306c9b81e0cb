import { openBatchPool } from './batch-pool.js';
import { type Loader, type LoaderOptions, loaderOn } from './loader.js';

/** Opens a loader for a split, whose batches are made in worker threads. Fewer images than one training batch holds are an error. */
export function createLoader(options: LoaderOptions): Loader {
  return loaderOn(openBatchPool, options);
}
