import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type RunResult, readResult } from '../train/result.js';
import { runPaths } from '../train/run-folder.js';
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

/** Puts an experiment into its folder. One that is there already may grow; what it has must not change. */
export async function keepExperiment(folder: string, experiment: Experiment): Promise<void> {
  const { experiment: path } = comparePaths(folder);
  if (existsSync(path)) checkGrown(path, parseExperiment(await readExperiment(path), path), experiment);
  await makeFolderOf(path);
  await writeFileWhole(path, `${JSON.stringify(experiment, undefined, 2)}\n`);
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

function checkGrown(path: string, known: Experiment, wanted: Experiment): void {
  const differ = (what: string, a: unknown, b: unknown) => {
    fail(path, `${what} is not what the comparison in this folder began with`, {
      expected: JSON.stringify(a),
      got: JSON.stringify(b),
      hint: 'Seeds, methods and groups may be added; for anything else choose another folder (--out)',
    });
  };
  for (const key of ['protocol', 'base'] as const) {
    if (!isDeepStrictEqual(known[key], wanted[key])) differ(`"${key}"`, known[key], wanted[key]);
  }
  for (const section of ['groups', 'methods'] as const) {
    for (const [name, value] of Object.entries(wanted[section])) {
      const own = known[section][name];
      if (own !== undefined && !isDeepStrictEqual(own, value)) differ(`"${section}.${name}"`, own, value);
    }
  }
}
