import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planTraining } from '../../src/cli/commands/train.js';
import { SETTINGS } from '../../src/cli/flags/setting-schema.js';
import { readSettingsFile } from '../../src/cli/flags/settings-file.js';
import { agon, parseFlags } from './command-line.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-init-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('writes a configuration with which a run has the settings of the flags', async () => {
  const out = join(folder, 'agon.yaml');
  const flags = '--data builtin --nets resnet8,wrn_16_2 --epochs 3';
  const { exitCode, stdout } = await agon(`init ${flags} --out ${out}`);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`agon train --config ${out}`)]);
  const now = new Date(0);
  const [file, direct] = await Promise.all([
    planTraining({ config: out, out: 'x' }, [], now),
    planTraining({ out: 'x' }, parseFlags(flags), now),
  ]);
  expect(file.settings).toEqual(direct.settings);
});

it('names every setting, those that are not chosen as comments with their defaults', async () => {
  const out = join(folder, 'agon.yaml');
  await agon(`init --out ${out}`);
  const text = await readFile(out, 'utf8');
  const named = [...text.matchAll(/^#?([a-zA-Z]+):/gm)].map(([, key]) => key);
  expect(new Set(named)).toEqual(new Set(['version', ...SETTINGS.map(({ path }) => path[0])]));
  expect(text).toContain('\n#alpha: 1\n');
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
});

it('keeps a file that is there, and refuses data that is not and names of other formats', async () => {
  const out = join(folder, 'agon.yaml');
  await writeFile(out, 'mine');
  expect((await agon(`init --out ${out}`)).stderr).toContain(
    'there is a file of this name. Overwrite it (--overwrite)',
  );
  expect(await readFile(out, 'utf8')).toBe('mine');
  expect((await agon(`init --out ${out} --overwrite`)).exitCode).toBe(0);
  expect((await agon(`init --data ${folder}/none --out ${folder}/b.yaml`)).stderr).toContain('there is no such file');
  expect((await agon(`init --out ${folder}/b.json`)).exitCode).toBe(2);
});

it.each([
  ['epochs: 3\nnets: [resnet8]\n# a comment\n', { epochs: 3, nets: ['resnet8'] }],
  ['$schema: x\nversion: 1\nseed: 7', { seed: 7 }],
])('reads settings from YAML', async (text, expected) => {
  const path = join(folder, 'a.yml');
  await writeFile(path, text);
  expect(await readSettingsFile(path)).toEqual(expected);
});

it.each([
  ['epochs: [1', 'not valid YAML: '],
  ['- a\n- b', 'holds no settings: expected lines like "epochs: 10", got a list'],
  ['', 'holds no settings'],
  ['epoch: 3', 'epoch'],
  ['epochs: 1\nepochs: 2', 'not valid YAML: Map keys must be unique'],
  ['data: &a x\nfrom: *a', 'not valid YAML'],
  ['['.repeat(2000), 'not valid YAML'],
])('refuses what is no YAML of settings', async (text, expected) => {
  const path = join(folder, 'a.yaml');
  await writeFile(path, text);
  await expect(readSettingsFile(path)).rejects.toThrow(expected);
  await expect(readSettingsFile(path)).rejects.toThrow(path);
});
