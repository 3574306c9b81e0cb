import { existsSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { formatNumberOf } from '../report/format.js';
import { runPaths } from '../store/run-folder.js';
import { messageOf } from '../util/error.js';
import { writeFileWhole } from '../util/files/files.js';
import { FORMATS } from '../util/formats/formats.js';
import { AGON_VERSION } from '../util/version.js';
import type { Failure } from './execute.js';
import { type Experiment, type PlannedRun, planRuns, seedsOf } from './experiment/experiment.js';
import { comparePaths, finishedRuns } from './experiment/folder.js';
import type { Measure } from './experiment/measures.js';
import { type RunStatus, statusOf } from './experiment/run-status.js';
import { toMarkdown } from './page/markdown.js';
import { type RunReport, toPage } from './page/page.js';
import { readCurves } from './results/curves.js';
import { type Comparison, compareRuns, type Finished, measured } from './results/results.js';
import { checkStored } from './results/stored.js';

/** A planned run without a result. */
export interface MissingRun extends Pick<PlannedRun, 'id' | 'group' | 'method' | 'seed'> {
  /** How it stands. */
  readonly state: Exclude<RunStatus['state'], 'finished'>;
  /** Why it failed. */
  readonly error?: string;
}

export interface Written {
  readonly comparison: Comparison;
  readonly finished: number;
  readonly planned: number;
  readonly missing: readonly MissingRun[];
}

/** Reads the finished runs of a comparison and writes its results: JSON, Markdown, and a page. */
export async function writeResults(
  folder: string,
  experiment: Experiment,
  measure: Measure,
  failures: readonly Failure[] = [],
): Promise<Written> {
  const paths = comparePaths(folder);
  const runs = planRuns(experiment, paths.experiment);
  await checkStored(folder, runs);
  const finished = await finishedRuns(folder, runs);
  const comparison = compareRuns(finished, measure, experiment.baseline);
  const missing = await missingRuns(folder, runs, finished, failures);
  const written = { comparison, finished: finished.length, planned: runs.length, missing };
  if (finished.length === 0) return written;
  const provenance = [
    `${finished.length} of ${runs.length} runs finished; seeds ${seedsOf(experiment).join(', ')}; protocol: ${experiment.protocol === 'base' ? 'the same for all methods' : "each preset's own"}.`,
    ...(missing.length > 0 ? [`Missing in these numbers: ${listMissing(missing)}.`] : []),
    ...machineLines(finished),
    `Shared settings: ${JSON.stringify(experiment.base)}.`,
  ];
  const curves = await readCurves(folder, finished);
  const each = finished.map(({ run: { id, group, method, seed }, result }) => {
    return { id, group, method, seed, value: measured(result, measure, comparison.split), result };
  });
  const data = {
    version: FORMATS.comparison.version,
    agon: AGON_VERSION,
    experiment,
    ...comparison,
    curves,
    missing,
    runs: each,
  };
  await writeFileWhole(paths.results, `${JSON.stringify(data, undefined, 1)}\n`);
  await writeFileWhole(paths.markdown, toMarkdown(experiment.name, provenance, comparison));
  await writeFileWhole(
    paths.page,
    toPage(experiment.name, provenance, comparison, curves, reportsOf(folder, finished)),
  );
  return written;
}

/** The reports that are there of the runs, as the results' page names them. */
function reportsOf(folder: string, finished: readonly Finished[]): RunReport[] {
  const { page, run } = comparePaths(folder);
  return finished.flatMap(({ run: { id } }) => {
    const { report } = runPaths(run(id));
    if (!existsSync(report)) return [];
    const path = relative(dirname(page), report).split(sep);
    return [{ id, address: path.map(encodeURIComponent).join('/') }];
  });
}

/** What the runs were computed with and on; where that isn't the same for all, which runs differ from most. */
export function machineLines(finished: readonly Finished[]): string[] {
  const groups = new Map<string, string[]>();
  for (const { run, result } of finished) {
    const text = machineOf(result);
    groups.set(text, [...(groups.get(text) ?? []), run.id]);
  }
  if (groups.size === 1) return [...groups.keys()].map((text) => `${text}.`);
  const [most, ...others] = [...groups].sort(([, a], [, b]) => b.length - a.length);
  return [
    ...(most ? [`${formatNumberOf(most[1].length, 'run')}: ${most[0]}.`] : []),
    ...others.map(([text, ids]) => `${formatNumberOf(ids.length, 'run')}: ${text} (${listed(ids)}).`),
    'Not all runs have the same machine or versions: their times are not to be compared, and equal runs may differ in the last digits.',
  ];
}

function machineOf({ agon, onnxruntime, machine }: Finished['result']): string {
  const where = machine ? `${machine.cpu}, ${machine.cores} cores, Node.js ${machine.node}` : 'an unrecorded machine';
  return `Agon ${agon}, ONNX Runtime ${onnxruntime}, ${where}`;
}

async function missingRuns(
  folder: string,
  runs: readonly PlannedRun[],
  finished: readonly Finished[],
  failures: readonly Failure[],
): Promise<MissingRun[]> {
  const there = new Set(finished.map(({ run }) => run.id));
  const errors = new Map(failures.map(({ run, error }) => [run.id, messageOf(error)]));
  const missing = runs.filter(({ id }) => !there.has(id));
  return Promise.all(missing.map(async (run) => missingRun(run, await statusOf(folder, run), errors.get(run.id))));
}

function missingRun({ id, group, method, seed }: PlannedRun, status: RunStatus, failure?: string): MissingRun {
  const error = failure ?? (status.state === 'failed' ? status.error : undefined);
  if (error !== undefined) return { id, group, method, seed, state: 'failed', error };
  // Its result is there, but not its model: it was killed between the two, or is in that moment
  const state = status.state === 'finished' ? 'interrupted' : status.state;
  return { id, group, method, seed, state };
}

const LISTED = 10;

/** Runs in a few words; those that failed, with their errors, before others. */
export function listMissing(missing: readonly MissingRun[]): string {
  const inOrder = [...missing.filter(({ error }) => error), ...missing.filter(({ error }) => !error)];
  return listed(inOrder.map(describeMissing));
}

function listed(texts: readonly string[]): string {
  const more = texts.length - LISTED;
  return texts.slice(0, LISTED).join(', ') + (more > 0 ? `, and ${more} more` : '');
}

function describeMissing({ id, state, error }: MissingRun): string {
  if (error !== undefined) return `${id} (failed: ${error})`;
  return state === 'open' ? id : `${id} (${state})`;
}
