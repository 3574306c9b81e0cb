import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { BatchRecipe, BatchTask, MadeBatch } from './batch-maker.js';
import { recipeMaker } from './image-loader.js';

let makeBatch: ReturnType<typeof recipeMaker> | undefined;

/** The task of a loader's worker thread. The batch's memory is handed over, not copied. */
export default async function run(task: BatchTask): Promise<unknown> {
  makeBatch ??= recipeMaker(workerData as BatchRecipe);
  return handOver(await makeBatch(task));
}

function handOver(batch: MadeBatch): unknown {
  const { images, perturbed } = batch;
  const buffers = [images.buffer, ...(perturbed ? [perturbed.images.buffer] : [])];
  return move({ [transferableSymbol]: buffers, [valueSymbol]: batch } as unknown as Parameters<typeof move>[0]);
}
