import { workerData } from 'node:worker_threads';
import { move } from 'piscina';
import { type BatchRecipe, type BatchTask, batchMaker } from './batch-maker.js';

let makeBatch: ReturnType<typeof batchMaker> | undefined;

/** The task of a loader's worker thread. The batch's memory is handed over, not copied. */
export default async function run(task: BatchTask): Promise<unknown> {
  makeBatch ??= batchMaker(workerData as BatchRecipe);
  return move(await makeBatch(task));
}
