import { Piscina } from 'piscina';
import { AgonError, fail, messageOf } from '../../util/error.js';
import { workerFile } from '../../util/worker-file.js';
import type { BatchRecipe, BatchTask, MadeBatch } from './batch-maker.js';

/** Worker threads that make batches by one recipe. */
export interface BatchPool<Made = MadeBatch> {
  /** A batch's images. After the first failure the pool is closed, and all that wait for it fail likewise. */
  make(task: BatchTask): Promise<Made>;
  /** Ends the threads; batches that are not done yet fail. */
  close(): Promise<void>;
}

const WHERE = 'batch loader';

const LOADER_WORKER = workerFile(import.meta.url, './loader-worker');

/** Starts threads that run `file`, whose default export makes the images of a {@link BatchTask}. */
export function openBatchPool<Made = MadeBatch>(
  recipe: BatchRecipe,
  workers: number,
  file = LOADER_WORKER,
): BatchPool<Made> {
  const pool = new Piscina({ ...file, minThreads: workers, maxThreads: workers, workerData: recipe });
  let closed: string | undefined;
  const close = async (reason: string) => {
    closed ??= reason;
    await pool.destroy();
  };
  // Piscina reports a thread that dies between tasks here only, and would leave queued tasks waiting for ever.
  pool.on('error', (error: unknown) => void close(messageOf(error)));
  const make = async (task: BatchTask): Promise<Made> => {
    if (closed !== undefined) fail(WHERE, closed);
    try {
      return await pool.run(task);
    } catch (error) {
      const reason = closed ?? messageOf(error);
      await close(reason);
      throw new AgonError(WHERE, reason, { cause: error });
    }
  };
  return { make, close: () => close('it is closed') };
}
