import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type BatchRecipe, type BatchTask, batchMaker, type MadeBatch } from './batch-maker.js';

let makeBatch: ReturnType<typeof batchMaker> | undefined;

/** The task of a loader's worker thread. The batch's memory is handed over, not copied. */
export default async function run(task: BatchTask): Promise<unknown> {
  makeBatch ??= batchMaker(workerData as BatchRecipe);
  return handOver(await makeBatch(task));
}

function handOver(batch: MadeBatch): unknown {
  const { images, perturbed } = batch;
  const buffers = [images.buffer, ...(perturbed ? [perturbed.images.buffer] : [])];
  return move({ [transferableSymbol]: buffers, [valueSymbol]: batch } as unknown as Parameters<typeof move>[0]);
}
