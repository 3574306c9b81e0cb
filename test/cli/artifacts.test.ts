import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/artifacts/manifest.js';
import { planTraining } from '../../src/cli/commands/train.js';
import { agon, parseFlags } from './command-line.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-artifacts-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const SIZES = '--classes 10 --size 16 --batch 8';

describe('agon artifacts', () => {
  it('writes a competition as one step graph, and shows it', async () => {
    const out = join(root, 'pair');
    const { exitCode, stdout } = await agon(
      `artifacts export --nets resnet8,wrn_16_2 ${SIZES} --rule all --temperature 2 --optimizer adamw --out ${out}`,
    );
    expect(exitCode).toBe(0);
    for (const file of ['resnet8/forward.onnx', 'wrn_16_2/forward.onnx', 'step.onnx', 'evaluation.onnx'])
      expect(stdout).toContain(`  ${file}  `);
    const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as Manifest;
    expect(manifest.made).toBe(
      'agon artifacts export --nets resnet8,wrn_16_2 --rule all --temperature 2 --optimizer adamw --classes 10 --channels 3 --size 16 --batch 8',
    );
    expect(manifest.step?.sizes).toEqual({ classes: 10, channels: 3, height: 16, width: 16, batch: 8 });
    expect(manifest.step?.settings).toMatchObject({ rule: 'all', temperature: 2, optimizer: { name: 'adamw' } });

    const shown = await agon(`artifacts show ${out}`);
    expect(shown.stdout).toMatch(/^resnet8 +78\.0 k +\[N, channels, height, width\] +\[N, classes\] +layer3/m);
    expect(shown.stdout).toContain('step.onnx: 8 images 3x16x16, 10 classes, rule all, adamw');
    expect(JSON.parse((await agon(`artifacts show ${out} --json`)).stdout)).toEqual(manifest);
    expect((await agon(`artifacts export --nets resnet8 ${SIZES} --out ${out}`)).stderr).toContain(
      'Replace it (--overwrite)',
    );
    expect((await agon(`artifacts export --nets resnet8 ${SIZES} --out ${out} --overwrite`)).exitCode).toBe(0);
  });

  it('shows nothing of an artifact with a damaged file', async () => {
    const out = join(root, 'damaged');
    await agon(`artifacts export --nets resnet8 ${SIZES} --out ${out}`);
    await writeFile(join(out, 'evaluation.onnx'), 'x');
    const { exitCode, stdout, stderr } = await agon(`artifacts show ${out}`);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`error: ${join(out, 'evaluation.onnx')}: is cut short`);
  });

  it.each([
    ['artifacts export --out x', 'error: --nets: no networks are given. Name one or more', 2],
    [
      'artifacts export --nets a.onnx --out x',
      'an ONNX model is no network of the zoo: got a.onnx. Take it by --from a.onnx',
      2,
    ],
    ['artifacts export --nets resnet9 --out x', 'there is no network "resnet9". Did you mean "resnet8"?', 1],
    ['artifacts export --nets resnet50 --size 8 --out x', 'the images are too small', 1],
    ['artifacts export --nets resnet8 --rule top-k --top-k 1 --out x', 'topK: expected less than the number', 1],
    ['artifacts export --nets resnet8 --format pb --out x', '--format: there is no "pb"', 2],
    ['artifacts export --nets resnet8', "required option '--out <folder>'", 2],
    ['artifacts show', '<folder>: is missing', 2],
    ['artifacts exprot', 'exprot: there is no such command. Did you mean "export"?', 2],
  ])('%s is an error', async (args, message, code) => {
    const { exitCode, stderr } = await agon(args);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(code);
  });
});

describe('agon train --artifacts', () => {
  const plan = (flags: string) => planTraining({}, parseFlags(flags), new Date(2025, 0, 31));

  it('takes the networks of the folder, and no others beside them', async () => {
    const { settings } = await plan('--artifacts models/resnet20 --batch-size 16');
    expect([settings.nets, settings.artifacts, settings.batchSize]).toEqual([['resnet20'], 'models/resnet20', 16]);
    await expect(plan('--artifacts models/resnet20 --nets resnet8')).rejects.toThrow(
      '--nets: the networks are those of the artifact: got --artifacts models/resnet20 as well. Leave one of them out',
    );
    await expect(plan('--artifacts models')).rejects.toThrow('models: there is no training artifact in this folder');
  });

  it('has the settings of the artifact’s step, unless flags, a file or a preset say otherwise', async () => {
    const out = join(root, 'defaults');
    const made = '--rule all --temperature 2 --optimizer adamw --lr 0.02';
    await agon(`artifacts export --nets resnet8,resnet8 ${SIZES} ${made} --out ${out}`);
    const { settings } = await plan(`--artifacts ${out}`);
    expect(settings).toMatchObject({ rule: 'all', temperature: 2, batchSize: 8, size: 16 });
    expect(settings.optimizer).toMatchObject({ name: 'adamw', lr: 0.02 });
    const other = (await plan(`--artifacts ${out} --optimizer sgd --batch-size 32 --size 8 --rule none`)).settings;
    expect(other).toMatchObject({ rule: 'none', temperature: 2, batchSize: 32, size: 8 });
    expect(other.optimizer).toMatchObject({ name: 'sgd', lr: 0.1 });
    const preset = (await plan(`--artifacts ${out} --preset cd-release`)).settings;
    expect(preset).toMatchObject({ rule: 'all-better', batchSize: 84, size: 16, temperature: 1 });
    const config = join(root, 'config.json');
    await writeFile(config, JSON.stringify({ artifacts: out, batchSize: 4 }));
    const { settings: filed } = await planTraining({ config }, parseFlags('--epochs 3'), new Date());
    expect(filed).toMatchObject({ nets: ['resnet8', 'resnet8'], rule: 'all', batchSize: 4, epochs: 3 });
    const single = join(root, 'single');
    await agon(`artifacts export --nets resnet8 ${SIZES.replace('--batch 8', '--batch 1')} --out ${single}`);
    expect((await plan(`--artifacts ${single}`)).settings).toMatchObject({ batchSize: 128, size: 16 });
    const { stdout } = await agon(`train --artifacts ${out} --lr 0.5 --explain`);
    const rows = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(rows).toContainEqual(['temperature', '2', out]);
    expect(rows).toContainEqual(['optimizer.name', 'adamw', out]);
    expect(rows).toContainEqual(['optimizer.lr', '0.5', '--lr']);
  });

  it('is explained', async () => {
    const { stdout } = await agon('train --artifacts models/resnet20 --explain');
    expect(stdout).toMatch(/^nets +\["resnet20"\] +models\/resnet20$/m);
  });
});
