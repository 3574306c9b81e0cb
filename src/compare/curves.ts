import { checkLogVersion } from '../report/log-version.js';
import type { EpochEvent } from '../train/events.js';
import { runPaths } from '../train/run-folder.js';
import { parseObject, readTextIfThere } from '../util/read-json.js';
import { comparePaths } from './folder.js';
import type { Finished } from './results.js';
import { mean } from './statistics.js';

/** How a method learned: top-1 on the validation split after each epoch, in per cent, mean of the networks and the seeds. */
export interface Curve {
  readonly group: string;
  readonly method: string;
  readonly accuracy: readonly number[];
}

/** The curves of finished runs, from their logs; a run without a log, or with nothing held out, is left out. */
export async function readCurves(folder: string, finished: readonly Finished[]): Promise<Curve[]> {
  const cells = new Map<string, { group: string; method: string; all: number[][] }>();
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
    const accuracy = Array.from({ length: epochs }, (_, epoch) => mean(all.map((own) => own[epoch] as number)));
    return { group, method, accuracy };
  });
}

const EPOCH = '{"type":"epoch",';

async function readCurve(log: string): Promise<number[]> {
  const text = (await readTextIfThere(log)) ?? '';
  checkLogVersion(text, log);
  // Most lines are steps, which needn't be parsed.
  const epochs = text.split('\n').filter((line) => line.startsWith(EPOCH) && line.endsWith('}'));
  return epochs.flatMap((line) => {
    const { networks } = parseObject(line, log) as unknown as EpochEvent;
    const accuracies = networks.flatMap(({ validation }) => validation?.accuracy ?? []);
    return accuracies.length > 0 ? [100 * mean(accuracies)] : [];
  });
}
