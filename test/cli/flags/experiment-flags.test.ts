import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ExperimentFlags, settleExperiment } from '../../../src/cli/flags/experiment-flags.js';
import { type ExperimentInput, parseExperiment, planRuns } from '../../../src/compare/experiment/experiment.js';
import { keepExperiment } from '../../../src/compare/experiment/folder.js';
import { temporaryFolder } from '../../run/runs.js';
import { agon, parseFlags } from '../command-line.js';

const EXPERIMENT: ExperimentInput = {
  name: 'of a file',
  base: { epochs: 2, optimizer: { name: 'sgd', lr: 0.05, momentum: 0.5 } },
  methods: { dml: { preset: 'dml' } },
  seeds: [0, 4],
};

async function experimentFile(change: Partial<ExperimentInput> = {}): Promise<string> {
  const file = join(await temporaryFolder(), 'x.json');
  await writeFile(file, JSON.stringify({ ...EXPERIMENT, ...change }));
  return file;
}

/** The settings of the first run with some flags. */
async function settingsOf(flags: string, change: Partial<ExperimentInput> = {}) {
  const { experiment, where } = await settleExperiment(await experimentFile(change), {}, parseFlags(flags));
  return planRuns(experiment, where)[0]?.settings;
}

describe('an experiment', () => {
  it('is that of a file, with what flags say', async () => {
    const flags: ExperimentFlags = { group: ['resnet8, resnet20'], methods: 'independent,cd-paper', seeds: '3' };
    const { experiment, folder } = await settleExperiment(await experimentFile(), flags, parseFlags('--limit 50'));
    expect(folder).toBe(undefined);
    expect(experiment).toMatchObject({
      name: 'of a file',
      base: { epochs: 2, limit: 50 },
      groups: { 'resnet8+resnet20': ['resnet8', 'resnet20'] },
      methods: { independent: { preset: 'independent' }, 'cd-paper': { preset: 'cd-paper' } },
      seeds: { from: 0, count: 3 },
    });
  });

  it("is that of a comparison's folder", async () => {
    const folder = join(await temporaryFolder(), 'comparison');
    const stored = parseExperiment(EXPERIMENT, 'x.json');
    await keepExperiment(folder, stored);
    expect(await settleExperiment(folder, {}, [])).toEqual({
      experiment: stored,
      where: join(folder, 'experiment.json'),
      folder,
    });
  });

  it('has the optimizer that flags choose, as a run has', async () => {
    const { optimizer } = (await settingsOf('--optimizer adamw --lr 0.001')) ?? {};
    expect(optimizer).toEqual({ name: 'adamw', lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 });
    expect((await settingsOf('--lr 0.2'))?.optimizer).toMatchObject({ name: 'sgd', lr: 0.2, momentum: 0.5 });
    expect((await settingsOf('--schedule multi-step --gamma 0.5'))?.schedule).toMatchObject({ gamma: 0.5 });
    await expect(settingsOf('--optimizer adamw --momentum 0.1')).rejects.toThrow(
      '--momentum: goes with --optimizer sgd',
    );
  });

  it('leaves the optimizer to each preset where that is what is compared', async () => {
    const change = { protocol: 'preset', base: {}, methods: { release: { preset: 'cd-release' } } } as const;
    expect((await settingsOf('--lr 0.2', change))?.optimizer).toMatchObject({
      name: 'adamw',
      lr: 0.2,
      weightDecay: 1e-8,
    });
    expect((await settingsOf('--optimizer sgd', change))?.optimizer).toMatchObject({ name: 'sgd', momentum: 0.9 });
  });

  it.each<[ExperimentFlags, string]>([
    [{ seeds: '7,' }, '--seeds: bad value: expected a list like a,b,c, got "7,"'],
    [{ seeds: 'x' }, '--seeds: bad value: expected a whole number from 1, got "x"'],
    [{ seeds: '0' }, '--seeds: bad value: expected a whole number from 1, got "0"'],
    [{ seeds: '1,x' }, '--seeds: bad value: expected a whole number from 0, got "x"'],
    [{ seeds: '1,2,1' }, 'seeds: 1 is there twice. Runs of one seed are the same run: name each seed once'],
    [{ methods: 'dml,' }, '--methods: bad value: expected a list'],
    [{ methods: 'dml,kd' }, '--methods: the preset kd needs a frozen teacher. Name it in an experiment file'],
    [{ group: ['resnet8,'] }, '--group: bad value: expected a list'],
  ])('%j is refused', async (flags, message) => {
    await expect(settleExperiment(await experimentFile(), flags, [])).rejects.toThrow(message);
  });
});

describe('agon compare', () => {
  it('says what is wrong with what it is given', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'empty'));
    const errorOf = async (args: string) => (await agon(`compare ${args}`)).stderr;
    expect(await errorOf(`${folder}/no`)).toBe(
      `error: ${folder}/no: there is no such file or folder. Name an experiment file, or the folder of a comparison\n`,
    );
    expect(await errorOf(`${folder}/empty`)).toBe(
      `error: ${folder}/empty: there is no comparison in this folder (no experiment.json)\n`,
    );
    expect(await errorOf('--collect')).toBe('error: --collect: no folder of a comparison is named\n');
    expect(await errorOf('')).toContain('there are no methods. Name an experiment file, or presets');
    await writeFile(join(folder, 'x.json'), '{');
    expect(await errorOf(`${folder}/x.json`)).toContain('x.json: not valid JSON: ');
  });
});
