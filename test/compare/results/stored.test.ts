import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ExperimentInput,
  type PlannedRun,
  parseExperiment,
  planRuns,
} from '../../../src/compare/experiment/experiment.js';
import { comparePaths, keepExperiment, openExperiment } from '../../../src/compare/experiment/folder.js';
import { writeResults } from '../../../src/compare/report.js';
import { checkStored } from '../../../src/compare/results/stored.js';
import { writeResult } from '../../../src/store/result.js';
import { runPaths } from '../../../src/store/run-folder.js';
import { temporaryFolder } from '../../run/runs.js';
import { finished } from '../finished.js';

const EXPERIMENT: ExperimentInput = {
  base: { epochs: 2, optimizer: { name: 'sgd', lr: 0.05 } },
  methods: { dml: { preset: 'dml' }, hot: { rule: 'all', temperature: 3 } },
  seeds: [0, 1],
};

const plan = (change: Partial<ExperimentInput> = {}) => {
  return planRuns(parseExperiment({ ...EXPERIMENT, ...change }, 'x.json'), 'x.json');
};

/** A run as it is left by its process: finished, with a checkpoint, or before the first one. */
async function store(folder: string, run: PlannedRun | undefined, how: 'finished' | 'saved' | 'begun'): Promise<void> {
  if (!run) throw new Error('no such run');
  const paths = runPaths(comparePaths(folder).run(run.id));
  await mkdir(comparePaths(folder).run(run.id), { recursive: true });
  await writeFile(paths.config, JSON.stringify(run.settings));
  if (how !== 'begun') await writeFile(paths.last, '');
  const { result } = finished(run.method, run.seed, { last: [50, 60, 70] });
  const epoch = run.settings.epochs - 1;
  const epochs = { best: { ...result.best, epoch }, last: { ...result.last, epoch } };
  if (how === 'finished') await writeResult(paths.result, { ...result, ...epochs, settings: run.settings });
}

describe('the runs that a comparison finds', () => {
  it('have the settings of the plan, but for how they are computed', async () => {
    const folder = await temporaryFolder();
    const [first, second] = plan({ base: { ...EXPERIMENT.base, threads: 1, workers: 2, tune: true } });
    await store(folder, first, 'finished');
    await store(folder, second, 'saved');
    await checkStored(folder, plan());
    await checkStored(folder, plan({ seeds: [0, 1, 2], methods: { ...EXPERIMENT.methods, more: {} } }));
  });

  it.each<['finished' | 'saved', Partial<ExperimentInput>, string]>([
    ['finished', { base: { ...EXPERIMENT.base, epochs: 3 } }, '"epochs": expected 3 as the experiment says, got 2.'],
    ['saved', { base: { ...EXPERIMENT.base, limit: 50 } }, '"limit": expected 50 as the experiment says, got none.'],
    [
      'saved',
      { base: { epochs: 2, optimizer: { name: 'sgd', lr: 0.5 } } },
      '"optimizer.lr": expected 0.5 as the experiment says, got 0.05.',
    ],
    [
      'finished',
      { methods: { dml: { preset: 'cd-paper' } } },
      '"rule": expected "argmin" as the experiment says, got "all".',
    ],
    ['finished', { base: { ...EXPERIMENT.base, data: 'other' } }, '"data": expected "other"'],
  ])('a %s one with others is refused: %j', async (how, change, message) => {
    const folder = await temporaryFolder();
    await store(folder, plan()[0], how);
    const run = comparePaths(folder).run('resnet8-x-2-dml-s0');
    const refused = expect(checkStored(folder, plan(change))).rejects;
    await refused.toThrow(`${run}: this run was trained with another ${message}`);
    await refused.toThrow('Choose another folder (--out), or delete the folder of this run, to train anew');
  });

  it('are counted where more than one has others', async () => {
    const folder = await temporaryFolder();
    for (const run of plan().slice(0, 3)) await store(folder, run, 'finished');
    await expect(checkStored(folder, plan({ base: { epochs: 9 } }))).rejects.toThrow(
      'delete the folders of this and 2 other runs that are not as planned, to train anew',
    );
  });

  it('have the paths of the plan, absolute or not', async () => {
    const folder = await temporaryFolder();
    const teacher = { model: 'runs/big' };
    const methods = { kd: { preset: 'kd', teacher } };
    const change = (at: (path: string) => string) =>
      plan({ base: { data: at('photos') }, methods: { kd: { ...methods.kd, teacher: { model: at('runs/big') } } } });
    await store(folder, change((path) => resolve(path))[0], 'finished');
    await checkStored(
      folder,
      change((path) => path),
    );
    const elsewhere = checkStored(
      folder,
      change((path) => `/elsewhere/${path}`),
    );
    await expect(elsewhere).rejects.toThrow(`"data": expected "/elsewhere/photos" as the experiment says`);
  });

  it('are of an experiment whose folder holds for any working directory', async () => {
    const folder = await temporaryFolder();
    const methods = { own: { data: 'mine', teacher: { model: 'big.onnx' } }, builtin: { data: 'builtin' } };
    await keepExperiment(folder, parseExperiment({ base: { data: 'photos', epochs: 2 }, methods }, 'x.json'));
    expect(await openExperiment(folder)).toMatchObject({
      base: { data: resolve('photos'), epochs: 2 },
      methods: {
        own: { data: resolve('mine'), teacher: { model: resolve('big.onnx') } },
        builtin: { data: 'builtin' },
      },
    });
  });

  it('begin anew without a checkpoint, whatever they were', async () => {
    const folder = await temporaryFolder();
    await store(folder, plan({ base: { epochs: 7 } })[0], 'begun');
    await checkStored(folder, plan());
  });

  it('are not reported as those of an experiment that was changed', async () => {
    const folder = await temporaryFolder();
    await store(folder, plan()[0], 'finished');
    const changed = parseExperiment({ ...EXPERIMENT, base: { epochs: 3 } }, 'x.json');
    await keepExperiment(folder, changed);
    await expect(writeResults(folder, changed, 'mean-last')).rejects.toThrow('another "epochs"');
  });
});
