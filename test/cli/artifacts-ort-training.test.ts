import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeOrtCheckpoint } from '../../src/artifacts/ort-training/read-checkpoint.js';
import { decodeModel } from '../../src/onnx/file.js';
import { readSafetensors } from '../../src/onnx/safetensors.js';
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
    await agon(`artifacts export --format ort-training ${RESNET} --seed 5 --out ${first}`);
    const imported = await agon(`artifacts import ${first} --name net --out ${artifact}`);
    expect(imported.stdout).toContain('net, 47 parameters');
    const { tensors } = readSafetensors(await readFile(join(artifact as string, 'weights.safetensors')), 'weights');
    const written = decodeOrtCheckpoint(await readFile(join(first as string, 'checkpoint')));
    expect(tensors.get('net0.fc.weight')).toEqual(written.trainable.get('fc.weight'));
    const small = '--limit 64 --batch-size 16 --epochs 1 --optimizer adamw --no-tune --quiet';
    expect((await agon(`train --artifacts ${artifact} ${small} --out ${run}`)).exitCode).toBe(0);
    await agon(`artifacts export --format ort-training --from ${run} --out ${last}`);
    const [state] = decodeOrtCheckpoint(await readFile(join(last as string, 'checkpoint'))).optimizers;
    expect(state?.step).toBe(4n);
    const again = await agon(`artifacts import ${last} --out ${join(root, 'again')}`);
    expect(again.stdout).toContain("AdamW's state after 4 updates");
  }, 60_000);

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
