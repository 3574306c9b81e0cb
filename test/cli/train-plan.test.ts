import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planTraining } from '../../src/cli/commands/train.js';
import { defaultRunFolder, latestRun } from '../../src/cli/run/run-folders.js';
import { parseSettings } from '../../src/settings/settings.js';
import { beginRun, prepareRunFolder, writeRunSettings } from '../../src/store/run-folder.js';
import { removeIfEmpty } from '../../src/util/files/files.js';
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

  it.each([
    ['--top-k 2', '--top-k: goes with --rule top-k. It would have no effect: add that, or leave it out'],
    ['--feature-reduction sum', '--feature-reduction: goes with --beta above 0'],
    ['--feature-projection', '--feature-projection: goes with --beta above 0'],
    ['--feature-projection --beta 1 --rule none', '--beta: goes with --rule argmin, all-better, top-k or all'],
    ['--rule none --alpha 2', '--alpha: goes with --rule argmin, all-better, top-k or all'],
    ['--preset independent --temperature 2', '--temperature: goes with --alpha above 0 and --rule argmin'],
    ['--alpha 0 --temperature 2', '--temperature: goes with --alpha above 0'],
  ])('%s says what it goes with', async (flags, message) => {
    await expect(plan({}, flags)).rejects.toThrow(message);
  });

  it.each([
    ['{ "topK": 2 }', 'settings.json: topK: goes with --rule top-k'],
    ['{ "featureReduction": "sum", "alpha": 2 }', 'settings.json: featureReduction: goes with --beta above 0'],
    ['{ "parameterPerturbation": { "crossover": 0 } }', 'parameterPerturbation.when: nothing says when parameters are'],
    ['{ "preset": "dml", "parameterPerturbation": { "window": 3 } }', 'parameterPerturbation.when: nothing says when'],
    ['{ "inputPerturbation": { "when": { "every": 3 } } }', 'inputPerturbation.pool: nothing says how images are'],
    [
      '{ "preset": "dml", "inputPerturbation": { "when": { "every": 3 } } }',
      'inputPerturbation.pool: nothing says how',
    ],
    ['{ "teacher": { "weight": 3 } }', 'teacher.model: there is no frozen teacher'],
  ])('%s in the file says so too', async (content, message) => {
    await expect(plan({ config: await configFile(content) })).rejects.toThrow(message);
  });

  it('takes settings that go together from flags and a file, and those of a run that repeat the defaults', async () => {
    const config = await configFile('{ "topK": 1, "rule": "top-k" }');
    expect((await plan({ config }, '--beta 1 --feature-projection')).settings).toMatchObject({
      featureProjection: true,
    });
    const whole = await configFile(JSON.stringify(parseSettings({ preset: 'independent' })));
    expect((await plan({ config: whole }, '--alpha 0 --beta 0')).settings.rule).toBe('none');
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

  it('may have others of what does not make it, and more epochs', async () => {
    const run = join(folder, 'run');
    const flags = '--data /moved --device webgpu --threads 2 --workers 3 --no-tune --epochs 5';
    const changed = { data: '/moved', device: 'webgpu', threads: 2, workers: 3, tune: false, epochs: 5 };
    expect((await plan({ resume: run }, flags)).settings).toEqual({ ...settings, ...changed });
  });

  it('may have its networks in other places, or in one graph again', async () => {
    const run = join(folder, 'run');
    const place = { '0': 'cpu', '1': 'webgpu' };
    expect((await plan({ resume: run }, '--place 0=cpu,1=webgpu')).settings).toEqual({ ...settings, place });
    await writeRunSettings(run, { ...settings, place });
    expect((await plan({ resume: run }, '--place 1=cpu')).settings.place).toEqual({ '1': 'cpu' });
    expect((await plan({ resume: run }, '--place none')).settings.place).toBeNull();
    expect(() => plan({ resume: run }, '--place 1')).toThrow('--place: bad value: expected name=value, got "1"');
    expect(() => plan({ resume: run }, '--place 1=cpu,1=cuda')).toThrow('--place: "1" is there twice');
    await expect(plan({ resume: run }, '--place resnet9=cpu')).rejects.toThrow('there is no such network');
  });

  it('may repeat a path from another folder', async () => {
    const run = join(folder, 'kd');
    await prepareRunFolder(run, { overwrite: false });
    const teacher = { model: resolve('big.onnx'), weight: 1, temperature: 4 };
    await beginRun(run, { ...settings, teacher, unlabelled: resolve('others') });
    expect((await plan({ resume: run }, '--teacher big.onnx')).settings.teacher?.model).toBe('big.onnx');
    expect((await plan({ resume: run }, '--teacher moved.onnx')).settings.teacher?.model).toBe('moved.onnx');
    await expect(plan({ resume: run }, '--teacher none')).rejects.toThrow('--teacher: the run in');
    expect((await plan({ resume: run }, '--unlabelled moved')).settings.unlabelled).toBe('moved');
    await expect(plan({ resume: run }, '--unlabelled none')).rejects.toThrow('--unlabelled: the run in');
    await expect(plan({ resume: join(folder, 'run') }, '--unlabelled x')).rejects.toThrow('expected none, got x');
    await expect(plan({ resume: run }, '--artifacts x')).rejects.toThrow('--artifacts: the run in');
  });

  it('does not take others', async () => {
    const run = join(folder, 'run');
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

describe('a run from another one', () => {
  const settings = parseSettings({ preset: 'dml', epochs: 3, optimizer: { name: 'sgd', momentum: 0.5 } });
  let run: string;
  beforeEach(async () => {
    run = join(folder, 'run');
    await prepareRunFolder(run, { overwrite: false });
    await beginRun(run, settings);
  });

  it('has its settings, but for those of flags', async () => {
    const planned = await plan({ from: run, out: 'here' }, '--lr 0.01 --epochs 5 --data photos');
    const optimizer = { ...settings.optimizer, lr: 0.01 };
    expect(planned).toEqual({
      settings: { ...settings, from: run, epochs: 5, data: 'photos', optimizer },
      folder: 'here',
      resume: false,
    });
    expect((await plan({ from: run }, '--optimizer adamw')).settings.optimizer).toMatchObject({ lr: 1e-3 });
  });

  it.each(['--preset kd', '--nets resnet8', '--artifacts models/resnet20', '--pretrained w.pth'])(
    'has its networks and method: %s',
    (flags) => {
      return expect(plan({ from: run }, flags)).rejects.toThrow(
        /^--\w+: is settled by the run that --from names: got --from/,
      );
    },
  );

  it('is explained by its name', async () => {
    const { stdout } = await agon(`train --explain --from ${run} --lr 0.01`);
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    const sourceOf = (path: string) => rows.find(([name]) => name === path)?.slice(1);
    expect(sourceOf('optimizer.lr')).toEqual(['0.01', '--lr']);
    expect(sourceOf('optimizer.momentum')).toEqual(['0.5', run]);
    expect(sourceOf('from')).toEqual([run, run]);
  });

  it('is one or the other', async () => {
    for (const other of ['--resume', '--config x.json']) {
      const { stderr, exitCode } = await agon(`train --from ${run} ${other}`);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining("--from: can't go with")]);
    }
    await expect(plan({ from: folder })).rejects.toThrow('there is no run in this folder');
    await expect(plan({ from: 'winner.onnx' })).rejects.toThrow(
      'got winner.onnx. A model is trained further as a network: --nets winner.onnx',
    );
  });
});

describe('agon train --explain', () => {
  it('names flag, file, preset or default for each value', async () => {
    const config = await configFile(
      '{ "preset": "cd-paper", "optimizer": { "lr": 0.3 }, "beta": 0.5, "inputPerturbation": { "pool": "release" } }',
    );
    const flags =
      '--perturb-input none --alpha 2 --momentum 0.5 --schedule cosine --mutate-every 5 --mutation-sigma 0.1';
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
