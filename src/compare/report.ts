import { cpus } from 'node:os';
import { writeFileWhole } from '../util/files.js';
import { AGON_VERSION } from '../util/version.js';
import { type Experiment, planRuns, seedsOf } from './experiment.js';
import { comparePaths, finishedRuns } from './folder.js';
import { toMarkdown } from './markdown.js';
import { toPage } from './page.js';
import { type Comparison, compareRuns, type Measure, measured } from './results.js';
import { checkStored } from './stored.js';

/** Reads the finished runs of a comparison and writes its results: JSON, Markdown, and a page. */
export async function writeResults(
  folder: string,
  experiment: Experiment,
  measure: Measure,
): Promise<{ readonly comparison: Comparison; readonly finished: number; readonly planned: number }> {
  const paths = comparePaths(folder);
  const runs = planRuns(experiment, paths.experiment);
  await checkStored(folder, runs);
  const finished = await finishedRuns(folder, runs);
  const comparison = compareRuns(finished, measure);
  if (finished.length === 0) return { comparison, finished: 0, planned: runs.length };
  const { agon, onnxruntime } = (finished[0] as (typeof finished)[number]).result;
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;
  const provenance = [
    `${finished.length} of ${runs.length} runs finished; seeds ${seedsOf(experiment).join(', ')}; protocol: ${experiment.protocol === 'base' ? 'the same for all methods' : "each preset's own"}.`,
    `Agon ${agon}, ONNX Runtime ${onnxruntime}, ${machine}, Node.js ${process.versions.node}.`,
    `Shared settings: ${JSON.stringify(experiment.base)}.`,
  ];
  const each = finished.map(({ run: { id, group, method, seed }, result }) => {
    return { id, group, method, seed, value: measured(result, measure, comparison.split), result };
  });
  const data = { agon: AGON_VERSION, machine, experiment, ...comparison, runs: each };
  await writeFileWhole(paths.results, `${JSON.stringify(data, undefined, 1)}\n`);
  await writeFileWhole(paths.markdown, toMarkdown(experiment.name, provenance, comparison));
  await writeFileWhole(paths.page, toPage(experiment.name, provenance, comparison));
  return { comparison, finished: finished.length, planned: runs.length };
}
