import { AgonError, messageOf } from '../util/error.js';
import { type CellPlan, measureCell } from './cell.js';

/** What a process that measures answers. */
export type CellAnswer =
  | { readonly cell: Awaited<ReturnType<typeof measureCell>> }
  | { readonly message: string; readonly ours: boolean; readonly stack: string | undefined };

process.once('message', (plan: CellPlan) => void answer(plan));

async function answer(plan: CellPlan): Promise<void> {
  const result = await measureCell(plan).then((cell): CellAnswer => ({ cell }), failed);
  process.send?.(result, () => process.disconnect());
}

function failed(error: unknown): CellAnswer {
  const stack = error instanceof Error ? error.stack : undefined;
  return { message: messageOf(error), ours: error instanceof AgonError, stack };
}
