import { formatNumberOf } from '../../report/format.js';
import { fail } from '../../util/error.js';
import type { PlannedRun } from './experiment.js';

/** Which of the planned runs one process does, so that a scheduler can give out the rest. */
export type Selection =
  | { readonly run: number }
  /** Every `of`-th run, beginning with the `shard`-th; both from 1. */
  | { readonly shard: number; readonly of: number };

/** The runs of a selection, in the order of the plan. A run that isn't planned is an error; a shard may be empty. */
export function selectRuns(runs: readonly PlannedRun[], selection: Selection): PlannedRun[] {
  if ('shard' in selection) return runs.filter((_, i) => i % selection.of === selection.shard - 1);
  const run = runs[selection.run];
  if (run) return [run];
  return fail('--run', `there is no run ${selection.run}`, {
    expected: `0 to ${runs.length - 1}: the plan has ${formatNumberOf(runs.length, 'run')}`,
    got: String(selection.run),
    hint: '--plan lists them',
  });
}
