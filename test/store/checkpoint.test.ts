import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors, readSafetensors } from '../../src/onnx/safetensors.js';
import { tensor } from '../../src/onnx/tensor.js';
import { parseSettings } from '../../src/settings/settings.js';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint.js';
import { temporaryFolder } from '../run/runs.js';

const CHECKPOINT: Checkpoint = {
  settings: parseSettings({
    nets: ['resnet8', { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4] }],
    parameterPerturbation: {},
  }),
  position: { epoch: 3, step: 7 },
  stepsPerEpoch: 10,
  partial: {
    loss: [0.1, 1 / 3],
    accuracy: [1, 0.5],
    lineage: {
      steps: 7,
      won: [4, 3],
      kl: [0.7, 0],
      margin: 1 / 7,
      roleChanges: 2,
      input: { mixup: { fired: 3, won: 1, difference: -0.5 } },
      parameters: { crossover: { fired: 2, kept: 1, rolledBack: 0, diverged: 0, gain: 1e-9 } },
    },
    teachers: [
      [false, true],
      [false, false],
    ],
    seconds: 12.25,
    waited: 0.1,
  },
  epochs: [{ type: 'epoch', epoch: 0, lr: 1 / 3 }],
  seconds: 100 / 3,
  trial: { network: 1, operation: 'crossover', mate: 0, start: 30, ce: [1.5, 1 / 3] },
  best: {
    epoch: 2,
    network: 1,
    validation: [
      { loss: 1 / 7, accuracy: 0.25, top5: 0.5, ece: 0.125 },
      { loss: 2e-9, accuracy: 1, top5: 1, ece: 0 },
    ],
    ensemble: { loss: 0.5, accuracy: 0.75, top5: 1, ece: 1 / 3 },
  },
  classes: ['"quoted"', 'ünïcode'],
  forms: { 'ConvWeightGrad 1x2': 'flattened' },
  dataFingerprint: '0123456789abcdef',
  preprocessing: { height: 8, width: 9, channels: 1, mean: [0.1], std: [0.2], resize: { height: 10, width: 11 } },
  tensors: new Map([
    ['net0.fc.weight', tensor('float32', [2, 2], [1, -0, 1e-45, 3.4e38])],
    ['net0.fc.weight.momentum_buffer', tensor('float32', [], [5])],
    ['trial.net1.fc.weight', tensor('float32', [1], [6])],
  ]),
};

async function written(): Promise<string> {
  const path = join(await temporaryFolder(), 'last.safetensors');
  await writeCheckpoint(path, CHECKPOINT);
  return path;
}

describe('a checkpoint', () => {
  it('comes back as it was written', async () => {
    expect(await readCheckpoint(await written())).toEqual(CHECKPOINT);
  });

  it('is a safetensors file that says what it is', async () => {
    const { metadata, tensors } = readSafetensors(await readFile(await written()));
    expect(metadata).toMatchObject({ format: 'agon-checkpoint', version: '3', position: '{"epoch":3,"step":7}' });
    expect(tensors).toEqual(CHECKPOINT.tensors);
  });

  it.each<[string, (metadata: Record<string, string>) => void, string]>([
    ['another format', (m) => delete m.format, 'not a checkpoint of Agon. Name the folder of a run'],
    [
      'a newer version',
      (m) => (m.version = '4'),
      'this checkpoint was written by a newer Agon: format version 4, this one reads up to 3. Update Agon',
    ],
    [
      'no version',
      (m) => delete m.version,
      'format version of the checkpoint: expected a whole number from 1 to 3, got',
    ],
    ['an older version than its fields', (m) => (m.version = '1'), 'its header is damaged: partial.lineage.won: '],
    ['no checksum', (m) => delete m.checksum, 'its header changed since it was written: expected the checksum '],
    [
      'other classes',
      (m) => (m.classes = '["a","b"]'),
      'its header changed since it was written: expected the checksum ',
    ],
    ['a header that is no JSON', (m) => (m.best = '{'), 'its header is damaged: '],
    ['no position', (m) => delete m.position, 'its header is damaged: '],
    ['a loss that is no number', (m) => (m.partial = '{"loss":[null]}'), 'its header is damaged: '],
    ['settings of another Agon', (m) => (m.settings = '{"epoch":3}'), 'its header is damaged: '],
  ])('with %s is an error that names the file', async (_, damage, message) => {
    const path = await written();
    const { metadata, tensors } = readSafetensors(await readFile(path));
    damage(metadata);
    await writeFile(path, encodeSafetensors(tensors, metadata));
    await expect(readCheckpoint(path)).rejects.toThrow(`${path}: ${message}`);
  });

  it.each([0, 7, 100, -1])('cut short (to %i bytes) is an error that names the file', async (length) => {
    const path = await written();
    await truncate(path, length < 0 ? (await readFile(path)).length + length : length);
    await expect(readCheckpoint(path)).rejects.toThrow(path);
  });

  it('that is not there, or is none, is an error that names the file', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'last.safetensors');
    await expect(readCheckpoint(path)).rejects.toThrow(
      `${path}: there is no such checkpoint. Name the folder of a run; it saves`,
    );
    await expect(readCheckpoint(folder)).rejects.toThrow(`${folder}: can't be read: `);
    await writeFile(path, 'not a checkpoint at all, but long enough to have a header');
    await expect(readCheckpoint(path)).rejects.toThrow(path);
  });
});
