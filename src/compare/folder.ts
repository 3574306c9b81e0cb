import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type RunResult, readResult } from '../train/result.js';
import { runPaths } from '../train/run-folder.js';
import { absolutePaths } from '../train/setting-paths.js';
import { fail } from '../util/error.js';
import { makeFolderOf, writeFileWhole } from '../util/files.js';
import { type Experiment, type PlannedRun, parseExperiment, readExperiment } from './experiment.js';

/** The files of a comparison's folder. */
export function comparePaths(folder: string) {
  return {
    experiment: join(folder, 'experiment.json'),
    results: join(folder, 'results.json'),
    markdown: join(folder, 'results.md'),
    page: join(folder, 'results.html'),
    run: (id: string) => join(folder, 'runs', id),
  };
}

/**
 * Puts an experiment into its folder, in place of the one that is there: what its runs have is checked by itself. Paths become
 * absolute, so that it goes on wherever it is called from.
 */
export async function keepExperiment(folder: string, experiment: Experiment): Promise<void> {
  const { experiment: path } = comparePaths(folder);
  const methods = Object.entries(experiment.methods).map(([name, own]) => [name, absolutePaths(own)]);
  const kept = { ...experiment, base: absolutePaths(experiment.base), methods: Object.fromEntries(methods) };
  await makeFolderOf(path);
  await writeFileWhole(path, `${JSON.stringify(kept, undefined, 2)}\n`);
}

/** The experiment of a folder. */
export async function openExperiment(folder: string): Promise<Experiment> {
  const { experiment } = comparePaths(folder);
  if (!existsSync(experiment)) fail(folder, 'there is no comparison in this folder (no experiment.json)');
  return parseExperiment(await readExperiment(experiment), experiment);
}

/** The results of the runs that are finished. */
export async function finishedRuns(
  folder: string,
  runs: readonly PlannedRun[],
): Promise<{ readonly run: PlannedRun; readonly result: RunResult }[]> {
  const all = await Promise.all(
    runs.map(async (run) => ({ run, result: await readResult(runPaths(comparePaths(folder).run(run.id)).result) })),
  );
  return all.flatMap(({ run, result }) => (result ? [{ run, result }] : []));
}
