import type { PlannedRun } from '../../compare/experiment/experiment.js';
import { isWhole } from '../../compare/experiment/folder.js';
import { checkRuns } from '../../compare/preflight.js';
import { checkStored } from '../../compare/results/stored.js';
import { type CliIo, writeLines } from '../io/io.js';

/**
 * The runs that aren't finished, with all checked that can be before they begin.
 *
 * @param options.elsewhere - Other machines do them: their devices needn't be here.
 */
export async function openRuns(
  folder: string,
  runs: readonly PlannedRun[],
  io: CliIo,
  options: Parameters<typeof checkRuns>[1] = {},
): Promise<PlannedRun[]> {
  await checkStored(folder, runs);
  const whole = await Promise.all(runs.map((run) => isWhole(folder, run)));
  const open = runs.filter((_, i) => !whole[i]);
  if (open.length > 0) writeLines(io.stdout, 'checking what the runs need');
  await checkRuns(open, options);
  return open;
}
