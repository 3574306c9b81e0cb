import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExperiment, planRuns } from '../../../src/compare/experiment/experiment.js';
import { comparePaths, keepSameExperiment } from '../../../src/compare/experiment/folder.js';
import { forgetFailure, readPlan, recordFailure } from '../../../src/compare/experiment/run-status.js';
import { selectRuns } from '../../../src/compare/experiment/selection.js';
import { runPaths } from '../../../src/store/run-folder.js';
import { lockRun } from '../../../src/store/run-lock.js';
import { temporaryFolder } from '../../run/runs.js';

const EXPERIMENT = parseExperiment({ methods: { a: {}, b: {} }, seeds: [0, 1, 2] }, 'x.json');
const RUNS = planRuns(EXPERIMENT, 'x.json');

describe('a selection of runs', () => {
  it('is one by its number, from 0', () => {
    expect(selectRuns(RUNS, { run: 3 })).toEqual([RUNS[3]]);
    expect(() => selectRuns(RUNS, { run: 6 })).toThrow(
      '--run: there is no run 6: expected 0 to 5: the plan has 6 runs, got 6',
    );
  });

  it.each([1, 2, 4, 6, 9])('in %i shards is every run once', (of) => {
    const shards = Array.from({ length: of }, (_, i) => selectRuns(RUNS, { shard: i + 1, of }));
    expect(shards.flat().sort((x, y) => RUNS.indexOf(x) - RUNS.indexOf(y))).toEqual(RUNS);
    expect(Math.max(...shards.map(({ length }) => length))).toBe(Math.ceil(RUNS.length / of));
  });
});

describe('how a run stands', () => {
  it('is told by its folder alone', async () => {
    const folder = await temporaryFolder();
    const [, failed, again, training, stopped] = RUNS as [never, ...typeof RUNS];
    const own = (run: (typeof RUNS)[number]) => comparePaths(folder).run(run.id);
    await recordFailure(folder, failed as never, new Error('its loss is NaN'));
    await recordFailure(folder, again as never, new Error('no space'));
    await forgetFailure(folder, again as never);
    for (const run of [training, stopped]) await mkdir(own(run as never), { recursive: true });
    const lock = await lockRun(own(training as never));
    const { config } = runPaths(own(stopped as never));
    await writeFile(config, '{}');
    const plan = await readPlan(folder, RUNS);
    expect(plan.map(({ run, state }) => [run, state])).toEqual([
      [0, 'open'],
      [1, 'failed'],
      [2, 'open'],
      [3, 'training'],
      [4, 'interrupted'],
      [5, 'open'],
    ]);
    expect(plan[1]).toMatchObject({ error: 'its loss is NaN' });
    await lock.release();
  });
});

describe('the experiment of a folder that several processes work in', () => {
  it('is written by the first, and must be the same for the others', async () => {
    const folder = await temporaryFolder();
    const { experiment } = comparePaths(folder);
    await mkdir(dirname(experiment), { recursive: true });
    await Promise.all([1, 2, 3].map(() => keepSameExperiment(folder, EXPERIMENT)));
    await expect(keepSameExperiment(folder, { ...EXPERIMENT, seeds: [0] })).rejects.toThrow(
      'the comparison in this folder is another experiment',
    );
  });
});
