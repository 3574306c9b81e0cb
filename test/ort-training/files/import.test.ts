import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readForward } from '../../../src/artifacts/forward.js';
import { buildStep, nextName } from '../../../src/distill/step.js';
import { decodeModel, encodeModel } from '../../../src/onnx/file.js';
import { readSafetensors } from '../../../src/onnx/safetensors.js';
import { scalar, type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { createOptimizer } from '../../../src/optim/optimizer.js';
import { importOrtTraining } from '../../../src/ort-training/files/import.js';
import { decodeOrtCheckpoint } from '../../../src/ort-training/files/read-checkpoint.js';
import { encodeOrtCheckpoint } from '../../../src/ort-training/files/write-checkpoint.js';
import { parseDevice } from '../../../src/runtime/device.js';
import { Stepper } from '../../../src/runtime/stepping/stepper.js';
import { parseSettings } from '../../../src/settings/settings.js';
import { temporaryFolder } from '../../artifacts/samples.js';
import { hasOfficial, OFFICIAL, OFFICIAL_ADAMW, officialImages, officialLabels, officialLoss } from './official.js';

const MLP = { folder: OFFICIAL, checkpoint: join(OFFICIAL, 'checkpoint.ckpt'), name: 'mlp', made: 'a test' };
const INPUT = { classes: 10, channels: 1, height: 28, width: 28 };

/** The official files, some of them changed, in a folder of their own. */
async function officialWith(changes: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>>) {
  const folder = await temporaryFolder();
  await copyFile(join(OFFICIAL, 'eval_model.onnx'), join(folder, 'eval_model.onnx'));
  await copyFile(join(OFFICIAL, 'checkpoint.ckpt'), join(folder, 'checkpoint.ckpt'));
  for (const [name, change] of Object.entries(changes)) {
    await writeFile(join(folder, name), change(await readFile(join(folder, name))));
  }
  return { ...MLP, folder, checkpoint: undefined };
}

const changedCheckpoint =
  (change: (checkpoint: ReturnType<typeof decodeOrtCheckpoint>) => Partial<ReturnType<typeof decodeOrtCheckpoint>>) =>
  (bytes: Uint8Array) => {
    const checkpoint = decodeOrtCheckpoint(bytes);
    return encodeOrtCheckpoint({ ...checkpoint, ...change(checkpoint) });
  };

describe.skipIf(!hasOfficial)('importing official training files (skipped without ../shared)', () => {
  it("reproduces Microsoft's golden losses with Agon's own engine", async () => {
    const { manifest, files } = await importOrtTraining(MLP);
    const [entry] = manifest.networks;
    const graph = readForward(files.get('forward.onnx') as Uint8Array, 'forward.onnx', entry as never, INPUT);
    const settings = parseSettings({ rule: 'none', optimizer: { ...OFFICIAL_ADAMW, betas: [0.9, 0.999] } });
    const step = buildStep([graph], settings, { batch: 2 });
    const stepper = await Stepper.open(
      { graph: step.graph, state: step.state, nextOf: nextName },
      { device: parseDevice('cpu') },
    );
    const { tensors } = readSafetensors(files.get('weights.safetensors') as Uint8Array, 'weights');
    const zero = (name: string) => {
      const shape = step.graph.parameters.get(name)?.value.shape as number[];
      return tensor('float32', shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
    };
    stepper.load(new Map(step.state.map((name) => [name, tensors.get(name) ?? zero(name)])));
    const losses: number[] = [];
    for (const t of [1, 2]) {
      const scalars = createOptimizer(OFFICIAL_ADAMW).scalarsAt(OFFICIAL_ADAMW.lr, t);
      const fed = Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, scalar(value)]));
      const images = tensor('float32', [2, 1, 28, 28], officialImages());
      const out = await stepper.step({ images, labels: officialLabels(), ...fed });
      losses.push(toNumbers(out.get('ce') as never)[0] as number);
    }
    await stepper.close();
    expect(losses[0]).toBeCloseTo(officialLoss('loss_1.out'), 5);
    expect(losses[1]).toBeCloseTo(officialLoss('loss_2.out'), 5);
  });

  it('has the step of what is trained: AdamW as the Python tool writes it, or that of the optimizer model', async () => {
    const { manifest } = await importOrtTraining(MLP);
    const python = { name: 'adamw', variant: 'huggingface', lr: 1e-3, betas: [0.9, 0.999], eps: 1e-6, weightDecay: 0 };
    expect(manifest.step?.settings.optimizer).toEqual(python);
    expect(manifest.step?.sizes).toEqual({ ...INPUT, batch: 64 });
    const options = await officialWith({});
    await copyFile(join(OFFICIAL, 'adamw.onnx'), join(options.folder, 'optimizer_model.onnx'));
    expect((await importOrtTraining(options)).manifest.step?.settings.optimizer).toEqual(python);
    await copyFile(join(OFFICIAL, 'eval_model.onnx'), join(options.folder, 'optimizer_model.onnx'));
    await expect(importOrtTraining(options)).rejects.toThrow(
      /optimizer_model\.onnx: its optimizer: expected one node AdamWOptimizer or SGDOptimizerV2, got /,
    );
  });

  it('refuses optimizer state that can not be: the file, the parameter and what is wrong with it', async () => {
    const refused = async (change: (moment: Tensor) => Tensor, step = 7n, only = 'momentum1') => {
      const momenta = ({ dims, data }: Tensor) => {
        const zeros = tensor('float32', dims, new Float32Array(data.length));
        return ['momentum0', 'momentum1'].map((name) => [name, name === only ? change(zeros) : zeros] as const);
      };
      const withState = changedCheckpoint(({ trainable }) => {
        const states = new Map([...trainable].map(([name, value]) => [name, new Map(momenta(value))]));
        return { optimizers: [{ name: 'group0', step, initialLearningRate: 1e-3, states }] };
      });
      return importOrtTraining(await officialWith({ 'checkpoint.ckpt': withState })).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    };
    const filled = (value: number) => (zeros: Tensor) =>
      tensor('float32', zeros.dims, new Float32Array(zeros.data.length).fill(value));
    expect(await refused((zeros) => zeros)).toBe('accepted');
    expect(await refused(() => tensor('float32', [2], [0, 0]))).toMatch(
      /checkpoint\.ckpt: "momentum1" of parameter "fc1\.bias": is not for it: expected float32 \[500\], got float32 \[2\]/,
    );
    expect(await refused(filled(Number.NaN), 7n, 'momentum0')).toMatch(/"momentum0" of .*: expected numbers, got NaN/);
    expect(await refused(filled(-1))).toMatch(/checkpoint\.ckpt: "momentum1" of .*: expected numbers from 0, got -1/);
    expect(await refused(filled(-1), 7n, 'momentum0')).toBe('accepted');
    for (const step of [-1n, 2n ** 53n])
      expect(await refused((zeros) => zeros, step)).toMatch(
        new RegExp(`checkpoint\\.ckpt: the optimizer's count of updates: expected 0 to 9007199254740991, got ${step}`),
      );
  });

  it('takes checkpoints of version 1, and the moments and updates of one with optimizer state', async () => {
    const moments = (shape: readonly number[], value: number) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return tensor('float32', [...shape], new Float32Array(count).fill(value));
    };
    const withMoments = changedCheckpoint(({ trainable }) => ({
      optimizers: [
        {
          name: 'group0',
          step: 7n,
          initialLearningRate: 1e-3,
          states: new Map(
            [...trainable].map(([name, { dims }]) => {
              return [
                name,
                new Map([
                  ['momentum0', moments(dims, 1)],
                  ['momentum1', moments(dims, 2)],
                ]),
              ];
            }),
          ),
        },
      ],
    }));
    const options = await officialWith({ 'checkpoint.ckpt': (bytes) => asVersion1(withMoments(bytes)) });
    const { manifest, files } = await importOrtTraining(options);
    expect(manifest.weights?.updates).toBe(7);
    const { tensors } = readSafetensors(files.get('weights.safetensors') as Uint8Array, 'weights');
    expect(tensors.get('net0.fc2.bias.exp_avg_sq')?.data).toEqual(new Float32Array(10).fill(2));
    expect(tensors.get('net0.fc2.bias.exp_avg')?.dims).toEqual([10]);
  });

  it('keeps frozen parameters out of what is trained', async () => {
    const freeze = changedCheckpoint(({ trainable }) => ({
      trainable: new Map([...trainable].filter(([name]) => !name.startsWith('fc1'))),
      frozen: new Map([...trainable].filter(([name]) => name.startsWith('fc1'))),
    }));
    const { manifest } = await importOrtTraining(await officialWith({ 'checkpoint.ckpt': freeze }));
    expect(manifest.networks[0]?.parameters.map(({ name, role }) => [name, role])).toEqual([
      ['fc1.bias', 'frozen'],
      ['fc1.weight', 'frozen'],
      ['fc2.bias', 'weight'],
      ['fc2.weight', 'weight'],
    ]);
  });

  it('names the file and the cause when something is wrong with it', async () => {
    const refused = async (changes: Parameters<typeof officialWith>[0], options = {}) => {
      return importOrtTraining({ ...(await officialWith(changes)), ...options }).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    };
    const checkpoint = (change: Parameters<typeof changedCheckpoint>[0]) => ({
      'checkpoint.ckpt': changedCheckpoint(change),
    });
    const without = (name: string) =>
      checkpoint(({ trainable }) => ({
        trainable: new Map([...trainable].filter(([key]) => key !== name)),
      }));
    expect(await refused(without('fc2.weight'))).toMatch(
      /checkpoint\.ckpt: parameter "fc2.weight" of .*eval_model.onnx is missing/,
    );
    expect(
      await refused(checkpoint(({ trainable }) => ({ trainable: new Map([...trainable, ['fc3', scalar(1)]]) }))),
    ).toMatch(/checkpoint\.ckpt: .*eval_model\.onnx has no parameter "fc3"/);
    const shorter = ({ trainable }: ReturnType<typeof decodeOrtCheckpoint>) => ({
      trainable: new Map([...trainable, ['fc2.bias', tensor('float32', [7], new Float32Array(7))]]),
    });
    expect(await refused(checkpoint(shorter))).toMatch(/parameter "fc2.bias": expected \[10\], as .*, got \[7\]/);
    expect(await refused({ 'checkpoint.ckpt': (bytes) => bytes.subarray(0, 2000) })).toMatch(/checkpoint\.ckpt: /);
    expect(await refused({ 'eval_model.onnx': (bytes) => bytes.subarray(0, 200) })).toMatch(/eval_model\.onnx/);
    expect(await refused({}, { image: { channels: 3, height: 32, width: 32 } })).toMatch(
      /eval_model\.onnx: images of that size: expected 784 numbers, got 3x32x32/,
    );
    const noLoss = (bytes: Uint8Array) => {
      const model = decodeModel(bytes);
      return encodeModel({ ...model, graph: { ...model.graph, node: model.graph.node.slice(0, -1) } });
    };
    const unknown = (bytes: Uint8Array) => {
      const model = decodeModel(bytes);
      const node = model.graph.node.map((each) => (each.opType === 'Relu' ? { ...each, opType: 'Strange' } : each));
      return encodeModel({ ...model, graph: { ...model.graph, node } });
    };
    expect(await refused({ 'eval_model.onnx': unknown })).toMatch(
      /eval_model\.onnx: can't be used: Strange .*: Agon doesn’t know this operator/,
    );
    const halves = ({ trainable }: ReturnType<typeof decodeOrtCheckpoint>) => ({
      trainable: new Map([...trainable, ['fc2.bias', tensor('float64', [10], new Float64Array(10))]]),
    });
    expect(await refused(checkpoint(halves))).toMatch(
      /^[^ ]*checkpoint\.ckpt: parameter "fc2.bias": expected float32, got float64/,
    );
    expect(await refused({ 'eval_model.onnx': noLoss })).toMatch(/eval_model\.onnx: its logits were not found/);
    expect(await refused({}, { folder: join(OFFICIAL, 'ort_format') })).toMatch(/ORT format/);
    expect(await refused({}, { folder: OFFICIAL, evalModel: join(OFFICIAL, 'checkpoint.ckpt') })).toMatch(
      /checkpoint\.ckpt/,
    );
  });
});

/** The file's version, an int32 field of the root table, set to 1. */
function asVersion1(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  const root = view.getUint32(0, true);
  const vtable = root - view.getInt32(root, true);
  view.setInt32(root + view.getUint16(vtable + 4, true), 1, true);
  return copy;
}
