import { existsSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { absolutePaths } from '../../store/absolute-paths.js';
import { type RunResult, readResult } from '../../store/result.js';
import { runPaths } from '../../store/run-folder.js';
import { unlockRunAtOnce } from '../../store/run-lock.js';
import { fail } from '../../util/error.js';
import { makeFolderOf, removeIfThere, writeFileWhole } from '../../util/files/files.js';
import { type FolderLock, lockFolder, releaseAtOnce } from '../../util/files/folder-lock.js';
import { readTextIfThere } from '../../util/files/read-json.js';
import { isHalfWritten } from '../../util/files/write-whole.js';
import { FORMATS } from '../../util/formats/formats.js';
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

const lockOf = (folder: string) => join(folder, 'compare.lock');

/** Takes the lock of a comparison's folder, so that no other comparison runs there. A folder in use is an error that names the process. */
export function lockComparison(folder: string): Promise<FolderLock> {
  return lockFolder(lockOf(folder), { verb: 'is comparing', noun: 'comparison' });
}

/** Gives back the locks of a comparison and of its runs before this process ends at once. */
export function unlockComparisonAtOnce(folder: string, runs: readonly PlannedRun[]): void {
  for (const { id } of runs) unlockRunAtOnce(comparePaths(folder).run(id));
  releaseAtOnce(lockOf(folder));
}

/** Removes what a process that was killed had half written. */
export async function removeHalfWrittenResults(folder: string): Promise<void> {
  const { experiment, results, markdown, page } = comparePaths(folder);
  const names = [experiment, results, markdown, page].map((path) => basename(path));
  for (const entry of await readdir(folder)) {
    if (isHalfWritten(entry, names)) await removeIfThere(join(folder, entry));
  }
}

/** Whether a run has come to its end: its result is there, its model, and the end of its log, if it has one. */
export async function isWhole(folder: string, { id }: PlannedRun): Promise<boolean> {
  const { result, winner, log } = runPaths(comparePaths(folder).run(id));
  if (!existsSync(result) || !existsSync(winner)) return false;
  return !existsSync(log) || (await endsWithEnd(log));
}

/**
 * Puts an experiment into its folder, in place of the one that is there: what its runs have is checked by itself. Paths become
 * absolute, so that it goes on wherever it is called from.
 */
export async function keepExperiment(folder: string, experiment: Experiment): Promise<void> {
  const { experiment: path } = comparePaths(folder);
  await makeFolderOf(path);
  await writeFileWhole(path, textOf(experiment));
}

/** Puts an experiment into a folder that others may work in at the same time: one that says something else is an error. */
export async function keepSameExperiment(folder: string, experiment: Experiment): Promise<void> {
  const { experiment: path } = comparePaths(folder);
  const there = await readTextIfThere(path);
  if (there === undefined) return keepExperiment(folder, experiment);
  if (there === textOf(experiment)) return;
  fail(path, 'the comparison in this folder is another experiment', {
    hint: 'Choose another folder (--out), or let all its runs be done by one process (without --run and --shard)',
  });
}

function textOf(experiment: Experiment): string {
  const methods = Object.entries(experiment.methods).map(([name, own]) => [name, absolutePaths(own)]);
  const groups = Object.entries(experiment.groups).map(([name, nets]) => [name, absolutePaths({ nets }).nets]);
  const kept = {
    ...experiment,
    base: absolutePaths(experiment.base),
    groups: Object.fromEntries(groups),
    methods: Object.fromEntries(methods),
  };
  return `${JSON.stringify({ version: FORMATS.experiment.version, ...kept }, undefined, 2)}\n`;
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

/** The longest last line that a log may have, in bytes. */
const LAST_LINE = 2 ** 18;

async function endsWithEnd(log: string): Promise<boolean> {
  const file = await open(log);
  try {
    const { size } = await file.stat();
    const begin = Math.max(0, size - LAST_LINE);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - begin), 0, size - begin, begin);
    const [last = ''] = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-1);
    return last.startsWith('{"type":"end",') && last.endsWith('}');
  } finally {
    await file.close();
  }
}
