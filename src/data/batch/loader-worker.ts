import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { BatchRecipe, BatchTask, MadeBatch } from './batch-maker.js';
import { pixelRecipeMaker, recipeMaker } from './image-loader.js';
import type { MadePixels } from './pixel-maker.js';

let makeBatch: ((task: BatchTask) => Promise<MadeBatch | MadePixels>) | undefined;

/** The task of a loader's worker thread. The batch's memory is handed over, not copied. */
export default async function run(task: BatchTask): Promise<unknown> {
  const recipe = workerData as BatchRecipe;
  makeBatch ??= recipe.pixels ? pixelRecipeMaker(recipe) : recipeMaker(recipe);
  return handOver(await makeBatch(task));
}

function handOver(batch: MadeBatch | MadePixels): unknown {
  const arrays = 'pixels' in batch ? [batch.pixels, batch.moves] : [batch.images, batch.perturbed?.images];
  const buffers = arrays.flatMap((array) => (array ? [array.buffer] : []));
  return move({ [transferableSymbol]: buffers, [valueSymbol]: batch } as unknown as Parameters<typeof move>[0]);
}
