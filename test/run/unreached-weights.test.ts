import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ArtifactNetwork, createArtifact } from '../../src/artifacts/create.js';
import { writeArtifact } from '../../src/artifacts/write.js';
import { exportRun } from '../../src/export/export-run.js';
import { openTrainedGroup } from '../../src/export/trained-group.js';
import { tensorsOf } from '../../src/group/heads.js';
import { createNetwork, type NetworkInput } from '../../src/nets/registry.js';
import { readModelFile } from '../../src/onnx/file.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { fromTensorProto } from '../../src/onnx/tensor-proto.js';
import { createOrtTraining } from '../../src/ort-training/files/export.js';
import { ORT_FILES } from '../../src/ort-training/files/files.js';
import { decodeOrtCheckpoint } from '../../src/ort-training/files/read-checkpoint.js';
import { hasOrtTraining } from '../../src/ort-training/session/library.js';
import type { SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { UNREACHED, UNREACHED_VALUE, withUnreachedWeights } from '../distill/unreached.js';
import { runHere, smallData, smallSettings, temporaryFolder } from './runs.js';

const INPUT = { classes: 4, channels: 1, height: 8, width: 8 };
const NETWORK: ArtifactNetwork = {
  // A name that is no file's
  name: '../foreign',
  spec: null,
  build: (input: NetworkInput) =>
    withUnreachedWeights(createNetwork({ family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] }, input)),
};

async function artifact(): Promise<string> {
  const folder = join(await temporaryFolder(), 'artifact');
  const options = { networks: [NETWORK, NETWORK], input: INPUT, made: '', licence: null };
  await writeArtifact(folder, createArtifact(options));
  return folder;
}

const adamw = { name: 'adamw', lr: 0.01, weightDecay: 0.1 } as const;
const plainSgd = { name: 'sgd', lr: 0.05, momentum: 0, weightDecay: 0.1 } as const;
const official: [string, SettingsInput][] = hasOrtTraining()
  ? [['ort-training', { engine: 'ort-training', optimizer: plainSgd }]]
  : [];

describe('weights that do not reach the loss stay as they are', () => {
  it.each<[string, SettingsInput]>([['agon', { optimizer: adamw }], ...official])(
    'in training, checkpoint, exported model and training files: %s',
    async (_, overrides) => {
      const data = await smallData({ test: 'right' });
      const nets = ['resnet8', 'resnet8'];
      const settings = smallSettings(data, { nets, artifacts: await artifact(), epochs: 1, ...overrides });
      const { folder, outcome } = await runHere(settings);
      expect(outcome).toBe('finished');
      const { tensors } = await readCheckpoint(runPaths(folder).last);
      const { path, parity } = await exportRun(folder, { checkpoint: 'last', network: '0' });
      expect(path).toBe(join(folder, '_._foreign-0-last.onnx'));
      expect(parity).toBeLessThan(1e-4);
      const { graph } = await readModelFile(path);
      const stored = new Map(graph.initializer.map((proto) => [proto.name, toNumbers(fromTensorProto(proto))]));
      const { frozen, optimizers } = await trainingFilesOf(folder);
      for (const name of UNREACHED) {
        for (const prefix of ['net0.', 'net1.']) {
          expect(toNumbers(tensors.get(prefix + name) as Tensor), prefix + name).toEqual([UNREACHED_VALUE]);
        }
        expect(stored.get(name), name).toEqual([UNREACHED_VALUE]);
        expect(toNumbers(frozen.get(name) as Tensor), name).toEqual([UNREACHED_VALUE]);
      }
      expect(optimizers.length).toBe(settings.engine === 'agon' ? 1 : 0);
    },
  );
});

/** The checkpoint of the official training files that go on from a run. */
async function trainingFilesOf(folder: string) {
  const group = await openTrainedGroup(folder);
  const files = createOrtTraining({
    network: NETWORK.build(INPUT),
    weights: tensorsOf(group.tensors, 0),
    updates: group.updates,
    batch: 4,
    optimizer: { ...adamw, betas: [0.9, 0.999], eps: 1e-8, variant: 'torch' },
    rates: [0.01],
    labelSmoothing: 0,
  });
  return decodeOrtCheckpoint(files.get(ORT_FILES.checkpoint) as Uint8Array);
}
