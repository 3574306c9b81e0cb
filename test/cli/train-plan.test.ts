import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planTraining } from '../../src/cli/commands/train.js';
import { defaultRunFolder, latestRun } from '../../src/cli/run-folders.js';
import { beginRun, prepareRunFolder } from '../../src/train/run-folder.js';
import { parseSettings } from '../../src/train/settings.js';
import { removeIfEmpty } from '../../src/util/files.js';
import { agon, parseFlags } from './command-line.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-plan-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const NOW = new Date(2025, 0, 31, 14, 5, 9);
const plan = (options: Parameters<typeof planTraining>[0], flags = '') => planTraining(options, parseFlags(flags), NOW);

async function configFile(content: string): Promise<string> {
  const path = join(folder, 'settings.json');
  await writeFile(path, content);
  return path;
}

describe('a new run', () => {
  it('goes to a folder named after data and time', async () => {
    const { folder: chosen, resume } = await plan({}, '--data /some/photos/');
    expect([chosen, resume]).toEqual([join('runs', 'photos-20250131-140509'), false]);
    expect(defaultRunFolder('.', NOW)).toMatch(/^runs.[\w.-]+-20250131-140509$/);
    expect((await plan({ out: 'here' })).folder).toBe('here');
  });

  it('takes settings from a file', async () => {
    const config = await configFile('{ "epochs": 3, "rule": "all" }');
    expect((await plan({ config }, '--epochs 4')).settings).toEqual(parseSettings({ epochs: 4, rule: 'all' }));
  });

  it.each([
    ['{ "epochs": 3', 'settings.json: not valid JSON: '],
    ['{ "epochz": 3 }', 'settings.json: unknown setting "epochz". Did you mean "epochs"?'],
    ['{ "epochs": 0 }', 'settings.json: epochs: '],
    ['[]', 'settings.json: '],
  ])('%s in the file is an error that names it', async (content, message) => {
    await expect(plan({ config: await configFile(content) })).rejects.toThrow(message);
  });

  it('finds settings that can not work before anything is read or written', async () => {
    await expect(plan({ config: join(folder, 'none.json') })).rejects.toThrow('none.json: there is no such file');
    await expect(plan({}, '--nets resnet9')).rejects.toThrow('there is no network "resnet9". Did you mean "resnet8"?');
    await expect(plan({}, '--rule top-k --top-k 2')).rejects.toThrow('topK: expected less than the number of networks');
  });
});

describe('a resumed run', () => {
  const settings = parseSettings({ epochs: 3, optimizer: { name: 'sgd', lr: 0.2 } });
  beforeEach(async () => {
    await prepareRunFolder(join(folder, 'run'), { overwrite: false });
    await beginRun(join(folder, 'run'), settings);
  });

  it('has its own settings, which flags may repeat', async () => {
    const run = join(folder, 'run');
    expect(await plan({ resume: run }, '--epochs 3 --lr 0.2')).toEqual({ settings, folder: run, resume: true });
    expect((await plan({ resume: true, out: run })).folder).toBe(run);
  });

  it('does not take others', async () => {
    const run = join(folder, 'run');
    await expect(plan({ resume: run }, '--epochs 4')).rejects.toThrow(/^--epochs: the run in .*: expected 3, got 4\./);
    await expect(plan({ resume: run }, '--lr 0.1')).rejects.toThrow(/^--lr: .*: expected 0.2, got 0.1\./);
    await expect(plan({ resume: run }, '--gamma 0.1')).rejects.toThrow(/^--gamma: .*: expected none, got 0.1\./);
    await expect(plan({ resume: run, out: folder })).rejects.toThrow('--out: a run goes on in its own folder');
    await expect(plan({ resume: folder })).rejects.toThrow('there is no run in this folder');
  });

  it('is the one that was last worked on when no folder is named', async () => {
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'last.safetensors'), '');
      await utimes(join(folder, name, 'last.safetensors'), 1000 + i, 1000 + (i === 1 ? 9 : i));
    }
    expect(await latestRun(folder)).toBe(join(folder, 'b'));
    await expect(latestRun(join(folder, 'none'))).rejects.toThrow('--resume: there is no run in');
  });

  it('leaves nothing when it never started, but what others put there', async () => {
    const [empty, used] = [join(folder, 'empty'), join(folder, 'used')];
    for (const each of [empty, used]) await prepareRunFolder(each, { overwrite: false });
    await writeFile(join(used, 'notes.txt'), '');
    for (const each of [empty, used]) await removeIfEmpty(each);
    expect(await readdir(folder)).toEqual(['run', 'used']);
    expect(await readdir(used)).toEqual(['notes.txt']);
  });
});

describe('agon train --explain', () => {
  it('names flag, file, preset or default for each value', async () => {
    const config = await configFile(
      '{ "preset": "cd-paper", "optimizer": { "lr": 0.3 }, "beta": 0.5, "inputPerturbation": { "pool": "release" } }',
    );
    const flags = '--perturb-input none --alpha 2 --momentum 0.5 --schedule cosine --mutation-sigma 0.1';
    const { stdout, exitCode } = await agon(`train --explain --config ${config} ${flags}`);
    expect(exitCode).toBe(0);
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    const sourceOf = (path: string) => rows.find(([name]) => name === path)?.slice(1);
    expect(sourceOf('preset')).toEqual(['cd-paper', config]);
    expect(sourceOf('rule')).toEqual(['argmin', 'paper']);
    expect(sourceOf('inputPerturbation')).toEqual(['null', '--perturb-input']);
    expect(sourceOf('optimizer.lr')).toEqual(['0.3', config]);
    expect(sourceOf('optimizer.momentum')).toEqual(['0.5', '--momentum']);
    expect(sourceOf('optimizer.nesterov')).toEqual(['true', 'assumed']);
    expect(sourceOf('schedule.name')).toEqual(['cosine', '--schedule']);
    expect(sourceOf('schedule.min')).toEqual(['0', 'default']);
    expect(sourceOf('parameterPerturbation.sigma')).toEqual(['0.1', '--mutation-sigma']);
    expect(sourceOf('parameterPerturbation.window')).toEqual(['10', 'default']);
    expect([sourceOf('alpha'), sourceOf('beta')]).toEqual([
      ['2', '--alpha'],
      ['0.5', config],
    ]);
  });
});
