import { scoreOf } from '../../events/evaluation.js';
import type { EpochEvent } from '../../events/events.js';
import { checkLogVersion } from '../../report/log/log-version.js';
import { runPaths } from '../../store/run-folder.js';
import { parseObject } from '../../util/files/read-json.js';
import { linesOf } from '../../util/files/read-lines.js';
import { comparePaths } from '../experiment/folder.js';
import type { Finished } from './results.js';
import { mean } from './statistics.js';

/** How a method learned: top-1 (or mean average precision) on the validation split after each epoch, in per cent, mean of the networks and the seeds. */
export interface Curve {
  readonly group: string;
  readonly method: string;
  /** By epoch, from 0; null where a run's log lacks it. */
  readonly accuracy: readonly (number | null)[];
}

/** The curves of finished runs, from their logs; a run without a log, or with nothing held out, is left out. */
export async function readCurves(folder: string, finished: readonly Finished[]): Promise<Curve[]> {
  const cells = new Map<string, { group: string; method: string; all: (number | undefined)[][] }>();
  for (const { run } of finished) {
    const own = await readCurve(runPaths(comparePaths(folder).run(run.id)).log);
    if (own.length === 0) continue;
    const key = JSON.stringify([run.group, run.method]);
    const cell = cells.get(key) ?? { group: run.group, method: run.method, all: [] };
    cell.all.push(own);
    cells.set(key, cell);
  }
  return [...cells.values()].map(({ group, method, all }) => {
    const epochs = Math.min(...all.map(({ length }) => length));
    const accuracy = Array.from({ length: epochs }, (_, epoch) => meanAt(all, epoch));
    return { group, method, accuracy };
  });
}

/** The mean over runs; null where one of them lacks the epoch: the mean of the others would be of other runs. */
function meanAt(all: readonly (readonly (number | undefined)[])[], epoch: number): number | null {
  const known = all.flatMap((own) => own[epoch] ?? []);
  return known.length === all.length ? mean(known) : null;
}

const EPOCH = '{"type":"epoch",';

/** The accuracies of a log's epochs, each at its own number: a log may lack some. Without a log there are none. */
async function readCurve(log: string): Promise<(number | undefined)[]> {
  const accuracies: (number | undefined)[] = [];
  for await (const line of linesOf(log)) {
    checkLogVersion(line, log);
    // Most lines are steps, which needn't be parsed, and one may be cut short.
    if (!line.startsWith(EPOCH) || !line.endsWith('}')) continue;
    const { epoch, networks } = parseObject(line, log) as unknown as EpochEvent;
    const validated = networks.flatMap(({ validation }) => (validation ? [scoreOf(validation)] : []));
    if (validated.length > 0) accuracies[epoch] = 100 * mean(validated);
  }
  return accuracies;
}
