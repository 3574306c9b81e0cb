import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openArtifact } from '../../src/artifacts/read.js';
import { decodeModel } from '../../src/onnx/file.js';
import { readSafetensors } from '../../src/onnx/safetensors.js';
import { decodeOrtCheckpoint } from '../../src/ort-training/files/read-checkpoint.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readRunSettings } from '../../src/store/run-folder.js';
import { agon } from './command-line.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-ort-training-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const RESNET = '--nets resnet8 --classes 10 --size 32 --batch 16';
const refused = async (line: string) => (await agon(line)).stderr;

describe('ONNX Runtime’s own training files on the command line', () => {
  it('are written for a network, with AdamW unless said otherwise', async () => {
    const out = join(root, 'adamw');
    const { exitCode, stdout } = await agon(`artifacts export --format ort-training ${RESNET} --out ${out}`);
    expect([exitCode, stdout.split('\n')[0]]).toEqual([0, `${out}: resnet8 for batches of 16, adamw 0.001`]);
    const optimizer = decodeModel(await readFile(join(out, 'optimizer_model.onnx'))).graph;
    expect(optimizer.node.map(({ opType }) => opType)).toContain('AdamWOptimizer');
  });

  it('hold a schedule, and a teacher as an input', async () => {
    const out = join(root, 'sgd');
    const sgd = '--optimizer sgd --momentum 0 --no-nesterov --lr 0.5 --schedule cosine --epochs 2 --steps-per-epoch 3';
    await agon(`artifacts export --format ort-training ${RESNET} ${sgd} --distill --out ${out}`);
    const { initializer } = decodeModel(await readFile(join(out, 'optimizer_model.onnx'))).graph;
    const bytes = initializer.find(({ name }) => name === 'rates')?.rawData as Uint8Array;
    const rates = [...new Float32Array(bytes.slice().buffer)];
    expect(rates.length).toBe(6);
    for (const [i, rate] of rates.entries()) expect(rate).toBeCloseTo(0.25 * (1 + Math.cos((Math.PI * i) / 6)), 6);
    const { input } = decodeModel(await readFile(join(out, 'training_model.onnx'))).graph;
    expect(input.map(({ name }) => name)).toContain('teacher_probabilities');
  });

  it('are read back, trained on by Agon, and written again with AdamW’s state', async () => {
    const [first, artifact, run, last] = ['first', 'artifact', 'run', 'last'].map((name) => join(root, name));
    await agon(`artifacts export --format ort-training ${RESNET} --seed 5 --lr 0.01 --out ${first}`);
    const imported = await agon(`artifacts import ${first} --name net --out ${artifact}`);
    expect(imported.stdout).toContain('net, 47 parameters, for adamw (torch) 0.01');
    expect((await agon(`artifacts import ${first} --image 1x28x28 --out ${join(root, 'none')}`)).stderr).toContain(
      'eval_model.onnx: images of that size: expected 3x32x32, got 1x28x28',
    );
    const { tensors } = readSafetensors(await readFile(join(artifact as string, 'weights.safetensors')), 'weights');
    const written = decodeOrtCheckpoint(await readFile(join(first as string, 'checkpoint')));
    expect(tensors.get('net0.fc.weight')).toEqual(written.trainable.get('fc.weight'));
    const small = '--limit 64 --epochs 1 --no-tune --quiet';
    expect((await agon(`train --artifacts ${artifact} ${small} --out ${run}`)).exitCode).toBe(0);
    const { optimizer, batchSize, size } = await readRunSettings(run as string);
    expect([batchSize, size]).toEqual([16, 32]);
    expect(optimizer).toMatchObject({ name: 'adamw', lr: 0.01, eps: 1e-8, betas: [0.9, 0.999], variant: 'torch' });
    await agon(`artifacts export --format ort-training --from ${run} --out ${last}`);
    const [state] = decodeOrtCheckpoint(await readFile(join(last as string, 'checkpoint'))).optimizers;
    expect(state?.step).toBe(4n);
    const again = await agon(`artifacts import ${last} --out ${join(root, 'again')}`);
    expect(again.stdout).toContain("AdamW's state after 4 updates");
    const { preprocessing } = await readCheckpoint(join(run as string, 'best.safetensors'));
    const { mean, std } = preprocessing;
    expect((await openArtifact(join(root, 'again'))).manifest.preprocessing).toEqual({ mean, std });
    const agons = await agon(`artifacts export --from ${run} --out ${join(root, 'agons')}`);
    expect(agons.stdout).toContain('weights after 4 updates of adamw');
    const { manifest } = await openArtifact(join(root, 'agons'));
    expect([manifest.weights?.updates, manifest.step?.sizes.batch, manifest.preprocessing]).toEqual([
      4,
      16,
      { mean, std },
    ]);
    const sgd = await agon(`artifacts export --from ${run} --optimizer sgd --out ${join(root, 'agons')} --overwrite`);
    expect(sgd.stdout).toContain('weights, without optimizer state: there is none of sgd');
  }, 60_000);

  it('take the settings of a file, and refuse flags that they have no use for', async () => {
    const config = join(root, 'config.json');
    const optimizer = { name: 'adamw', variant: 'huggingface', lr: 0.02, eps: 1e-6, weightDecay: 0 };
    await writeFile(config, JSON.stringify({ nets: ['resnet8'], optimizer, batchSize: 4 }));
    const out = join(root, 'configured');
    const line = `artifacts export --format ort-training --config ${config} --classes 10 --size 32`;
    const { stdout } = await agon(`${line} --lr 0.5 --out ${out}`);
    expect(stdout.split('\n')[0]).toBe(`${out}: resnet8 for batches of 4, adamw 0.5`);
    const { node } = decodeModel(await readFile(join(out, 'optimizer_model.onnx'))).graph;
    const update = node.find(({ opType }) => opType === 'AdamWOptimizer');
    expect(update?.attribute?.find(({ name }) => name === 'adam_mode')?.i).toBe(1);

    const none = `--out ${join(root, 'none')}`;
    for (const [flags, message] of [
      [`--format ort-training ${RESNET} --rule all`, '--rule: only goes with --format agon'],
      [`--format ort-training ${RESNET} --beta 1`, '--beta: only goes with --format agon'],
      [`--format ort-training ${RESNET} --temperature 2`, '--temperature: only goes with --distill'],
      [`${RESNET} --seed 1`, '--seed: only goes with --format ort-training'],
      [`${RESNET} --epochs 1`, '--epochs: only goes with --format ort-training'],
      [`--from ${root} --classes 3`, '--classes: is settled by what --from names'],
      [`--format ort-training --from ${root} --seed 3`, '--seed: is settled by what --from names'],
      [`--from ${root} --nets resnet8`, '--from: names a network, as --nets does'],
      [`--format ort-training ${RESNET} --epochs 10000 --steps-per-epoch 10000`, 'is too long to be written down'],
    ] as const)
      expect((await agon(`artifacts export ${flags} ${none}`)).stderr).toContain(message);
    expect(existsSync(join(root, 'none'))).toBe(false);
  });

  it('tell what is wrong with a request', async () => {
    const out = `--out ${join(root, 'none')}`;
    expect(await refused(`artifacts export --format ort-training ${RESNET} --optimizer sgd ${out}`)).toContain(
      'has no momentum: expected momentum 0, got 0.9',
    );
    expect(await refused(`artifacts export --format ort-training --nets resnet8,resnet8 ${out}`)).toContain(
      '--nets: these files hold one network, not 2',
    );
    expect(await refused(`artifacts export --format ort-training ${RESNET} --epochs 3 ${out}`)).toContain(
      '--epochs: a schedule needs --steps-per-epoch',
    );
    expect(await refused(`artifacts export ${RESNET} --distill ${out}`)).toContain(
      '--distill: only goes with --format ort-training',
    );
    expect(await refused(`artifacts export --format ort-training --from ${root} ${out}`)).toContain(
      'there is no such checkpoint',
    );
    expect(await refused(`artifacts import ${root} ${out}`)).toContain('there is no eval_model.onnx in this folder');
    expect(await refused(`artifacts import ${root} --image 28x28 ${out}`)).toContain('--image');
    expect(existsSync(join(root, 'none'))).toBe(false);
  });
});
