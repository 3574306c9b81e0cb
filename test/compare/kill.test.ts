import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { parseExperiment, planRuns } from '../../src/compare/experiment/experiment.js';
import { comparePaths } from '../../src/compare/experiment/folder.js';
import { runPaths } from '../../src/store/run-folder.js';
import { stream } from '../../src/util/random.js';
import { resultsOf, smallData, temporaryFolder } from '../run/runs.js';
import { tinyExperiment } from './tiny-experiment.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Events of a run: three before its steps, six steps, two for each of two epochs, four at its end. */
const EVENTS = 17;
const SEED = 7;

const RUNS = { epochs: 2, seeds: [0, 1] };

/** `agon compare` in a process of its own. */
function spawnCompare(experiment: string, folder: string, jobs: number): ChildProcess {
  const args = ['--import', 'tsx', MAIN, 'compare', experiment, '--out', folder, '--jobs', String(jobs)];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** The exit code of a process, or the signal that ended it. */
async function ended(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}

/** How many events the logs of some runs have. */
function eventsIn(logs: readonly string[]): number {
  const text = logs.map((path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  });
  return text.join('').split('\n').length - 1;
}

/** Kills a comparison as soon as its logs have so many events. */
async function killAt(count: number, child: ChildProcess, logs: readonly string[]): Promise<number | string | null> {
  while (child.exitCode === null && eventsIn(logs) < count) await setTimeout(2);
  child.kill('SIGKILL');
  return ended(child);
}

/** The results of a comparison without wall times, and what the runs have made. */
async function outcome(folder: string, ids: readonly string[]) {
  const text = await readFile(comparePaths(folder).results, 'utf8');
  const results: unknown = JSON.parse(text, (key, value: unknown) =>
    key === 'seconds' || key === 'imagesPerSecond' ? undefined : value,
  );
  return { results, runs: await Promise.all(ids.map((id) => resultsOf(comparePaths(folder).run(id)))) };
}

/** Kills a comparison at moments, and lets it go on after each, to its end. */
async function killAndResume(file: string, folder: string, ids: readonly string[], jobs: number, moments: number[]) {
  const logs = ids.map((id) => runPaths(comparePaths(folder).run(id)).log);
  for (const moment of moments) {
    const code = await killAt(moment, spawnCompare(file, folder, jobs), logs);
    expect([moment, code]).toEqual([moment, 'SIGKILL']);
  }
  expect(await ended(spawnCompare(file, folder, jobs))).toBe(0);
}

it('a comparison that is killed again and again, and goes on, comes to the results of an undisturbed one', async () => {
  const folder = await temporaryFolder();
  const experiment = tinyExperiment(await smallData({ test: 'right' }), RUNS);
  const file = join(folder, 'experiment.json');
  await writeFile(file, JSON.stringify(experiment));
  const ids = planRuns(parseExperiment(experiment, file), file).map(({ id }) => id);
  const whole = join(folder, 'whole');
  expect(await ended(spawnCompare(file, whole, 1))).toBe(0);
  expect(eventsIn(ids.map((id) => runPaths(comparePaths(whole).run(id)).log))).toBe(ids.length * EVENTS);

  const random = stream(SEED, 'moments');
  for (const jobs of [1, 2]) {
    // Somewhere in the first, the second and the third run; or of two side by side in the first pair and in the second.
    const span = jobs * EVENTS;
    const moments = (jobs === 1 ? [0, 1, 2] : [0, 1]).map((part) => part * span + 1 + random.below(span - 1));
    const broken = join(folder, `broken-${jobs}`);
    await killAndResume(file, broken, ids, jobs, moments);
    expect(await outcome(broken, ids), `${jobs} at a time, killed at ${moments}`).toEqual(await outcome(whole, ids));
  }
}, 900_000);
