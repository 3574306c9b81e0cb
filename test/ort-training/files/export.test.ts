import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readForward } from '../../../src/artifacts/forward.js';
import { buildStep, nextName, type StepSettings } from '../../../src/distill/step.js';
import { Graph } from '../../../src/graph/graph.js';
import { initialiseParameters } from '../../../src/nets/initialise.js';
import { createNetwork } from '../../../src/nets/registry.js';
import { decodeModel } from '../../../src/onnx/file.js';
import { readSafetensors } from '../../../src/onnx/safetensors.js';
import { elementCount, scalar, type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { fromTensorProto } from '../../../src/onnx/tensor-proto.js';
import { createOptimizer } from '../../../src/optim/optimizer.js';
import { createOrtTraining, exportOrtTraining, type OrtExportOptions } from '../../../src/ort-training/files/export.js';
import { importOrtTraining } from '../../../src/ort-training/files/import.js';
import { TEACHER_PROBABILITIES } from '../../../src/ort-training/files/losses.js';
import { decodeOrtCheckpoint } from '../../../src/ort-training/files/read-checkpoint.js';
import type { OrtTrainingSession } from '../../../src/ort-training/session/session.js';
import { parseDevice } from '../../../src/runtime/device.js';
import { Stepper } from '../../../src/runtime/stepping/stepper.js';
import { parseSettings } from '../../../src/settings/settings.js';
import { temporaryFolder } from '../../artifacts/samples.js';
import {
  hasOfficial,
  hasPackage,
  OFFICIAL,
  OFFICIAL_ADAMW,
  officialImages,
  officialLabels,
  officialLoss,
} from './official.js';
import { openExported, randomBatch, relativeDifference } from './sessions.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const SGD = { name: 'sgd', lr: 0.01, momentum: 0, weightDecay: 0, nesterov: false } as const;
const SHAPE = [3, 16, 10] as const;
const BATCH = 8;

const STEP: StepSettings = parseSettings({ rule: 'none', optimizer: SGD });

function exported(name: string, more: Partial<OrtExportOptions> = {}): OrtExportOptions {
  const network = createNetwork(name, { classes: SHAPE[2], channels: SHAPE[0], height: SHAPE[1], width: SHAPE[1] });
  const weights = initialiseParameters(network, 1, 0);
  return { network, weights, batch: BATCH, optimizer: SGD, rates: [0.01], ...more };
}

/** Two layers of one weight. */
function tiedNetwork() {
  const network = new Graph('tied');
  const [channels, side, classes] = SHAPE;
  const images = network.input('images', 'float32', ['N', channels, side, side]);
  const pooled = network.op('Flatten', [network.op('GlobalAveragePool', [images])]);
  const first = network.parameter('first', [channels, classes], { kind: 'uniform', bound: 1 });
  const tied = network.parameter('tied', [classes, classes], { kind: 'uniform', bound: 1 });
  const twice = [tied, tied].reduce(
    (y, weight) => network.op('MatMul', [y, weight]),
    network.op('MatMul', [pooled, first]),
  );
  network.output('logits', twice);
  network.output('features', network.op('Reshape', [twice, network.integers([-1, classes, 1, 1])]));
  return { network, weights: initialiseParameters(network, 1, 0) };
}

async function opened(...options: Parameters<typeof openExported>): Promise<OrtTrainingSession> {
  const session = await openExported(...options);
  open.push(session);
  return session;
}

/** Agon's own engine on the same network and weights. */
async function ownEngine({ network, weights }: OrtExportOptions, settings: StepSettings) {
  const step = buildStep([network], settings, { batch: BATCH, exposeGradients: true });
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  const stepper = await Stepper.open(source, { device: parseDevice('cpu') });
  open.push(stepper);
  stepper.load(new Map(step.state.map((key) => [key, weights.get(key.replace('net0.', '')) as never])));
  return stepper;
}

const numberOf = (outputs: ReadonlyMap<string, unknown>, name: string) =>
  toNumbers(outputs.get(name) as never)[0] as number;

describe.skipIf(!hasPackage)('exported training files in the official session (skipped without its package)', () => {
  it.each(['labels', 'loss', 'tied_grad'])('refuse a parameter called %s', (name) => {
    const { network, weights } = tiedNetwork();
    network.parameter(name, [], { kind: 'constant', value: 0 });
    expect(() => createOrtTraining({ ...exported('resnet8'), network, weights })).toThrow(
      `network tied: parameter "${name}" has a name of the official training session. Rename it`,
    );
  });

  it('train a weight that is used twice', async () => {
    const options = { ...exported('resnet8'), ...tiedNetwork() };
    const session = await opened(options, { batch: BATCH, exposeGradients: true });
    const own = await ownEngine(options, STEP);
    const batch = randomBatch(BATCH, SHAPE, 0);
    const [theirs, ours] = [await session.trainStep(batch), await own.step({ ...batch, learning_rate: scalar(0.01) })];
    expect(relativeDifference(theirs.get('d:tied') as Tensor, ours.get('net0.tied.grad') as Tensor)).toBeLessThan(1e-5);
  });

  it('give the gradients of Agon’s own graph: ResNet-8', async () => {
    const options = exported('resnet8');
    const session = await opened(options, { batch: BATCH, exposeGradients: true });
    const own = await ownEngine(options, STEP);
    const batch = randomBatch(BATCH, SHAPE, 0);
    const theirs = await session.trainStep(batch);
    const ours = await own.step({ ...batch, learning_rate: scalar(0.01) });
    const names = [...theirs.keys()].filter((name) => name.startsWith('d:')).map((name) => name.slice(2));
    expect(names.length).toBe(29);
    for (const name of names) {
      const gradient = ours.get(`net0.${name}.grad`) as never;
      expect([name, relativeDifference(theirs.get(`d:${name}`) as never, gradient) < 2e-4]).toEqual([name, true]);
    }
  });

  it('train ResNet-8 for 10 steps of SGD with the losses of Agon’s own engine', async () => {
    const options = exported('resnet8');
    const [session, own] = [await opened(options), await ownEngine(options, STEP)];
    for (let step = 0; step < 10; step++) {
      const batch = randomBatch(BATCH, SHAPE, step);
      await session.resetGradients();
      const theirs = numberOf(await session.trainStep(batch), 'loss');
      await session.optimizerStep();
      const ours = numberOf(await own.step({ ...batch, learning_rate: scalar(0.01) }), 'total');
      expect(Math.abs(theirs - ours)).toBeLessThan(1e-4);
    }
  });

  it('adds SGD’s weight decay to the gradients', async () => {
    const optimizer = { ...SGD, weightDecay: 0.1 };
    const options = exported('resnet8', { optimizer });
    const [session, own] = [await opened(options), await ownEngine(options, { ...STEP, optimizer })];
    for (let step = 0; step < 3; step++) {
      const batch = randomBatch(BATCH, SHAPE, step);
      await session.resetGradients();
      const theirs = numberOf(await session.trainStep(batch), 'loss');
      await session.optimizerStep();
      expect(theirs).toBeCloseTo(numberOf(await own.step({ ...batch, learning_rate: scalar(0.01) }), 'total'), 5);
    }
  });

  it('takes the learning rate of each update from its schedule, and stays at the last', async () => {
    const rates = [0.5, 0.25, 0];
    const options = exported('resnet8', { rates });
    const session = await opened(options, { batch: BATCH, exposeGradients: true });
    const batch = randomBatch(BATCH, SHAPE, 0);
    for (const rate of [...rates, 0]) {
      const before = await session.parameters({ trainableOnly: true });
      await session.resetGradients();
      const gradient = (await session.trainStep(batch)).get('d:conv1.weight')?.data as Float32Array;
      await session.optimizerStep();
      const after = await session.parameters({ trainableOnly: true });
      const i = gradient.findIndex((value) => Math.abs(value) > 1e-3);
      expect((before[i] as number) - (after[i] as number)).toBeCloseTo(rate * (gradient[i] as number), 5);
    }
  });

  it.each(['torch', 'huggingface'] as const)('AdamW (%s) takes Agon’s steps', async (variant) => {
    const optimizer = { name: 'adamw', variant, lr: 0.01, betas: [0.9, 0.99], eps: 1e-3, weightDecay: 0.1 } as const;
    const options = exported('resnet8', { optimizer, rates: [0.01] });
    const step = buildStep([options.network], { ...STEP, optimizer }, { batch: BATCH });
    const zeros = (name: string) => {
      const shape = step.graph.parameters.get(name)?.value.shape as number[];
      return tensor('float32', shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
    };
    const weights = new Map(step.state.map((key) => [key.slice(5), options.weights.get(key.slice(5)) ?? zeros(key)]));
    const own = await ownEngine({ ...options, weights }, { ...STEP, optimizer });
    const session = await opened(options);
    for (let t = 1; t <= 5; t++) {
      const batch = randomBatch(BATCH, SHAPE, t);
      await session.resetGradients();
      const theirs = numberOf(await session.trainStep(batch), 'loss');
      await session.optimizerStep();
      const scalars = Object.entries(createOptimizer(optimizer).scalarsAt(0.01, t));
      const fed = Object.fromEntries(scalars.map(([name, value]) => [name, scalar(value)]));
      expect(Math.abs(theirs - numberOf(await own.step({ ...batch, ...fed }), 'total'))).toBeLessThan(1e-4);
    }
  });

  it('distils: a teacher’s probabilities are the KL divergence’s target, a row of zeros is none', async () => {
    const distillation = { alpha: 0.5, temperature: 2 };
    const session = await opened(exported('resnet8', { distillation }));
    const batch = randomBatch(BATCH, SHAPE, 0);
    const [, , classes] = SHAPE;
    const probabilities = Float32Array.from({ length: BATCH * classes }, (_, i) => (i % classes === 3 ? 0.55 : 0.05));
    const taught = { ...batch, [TEACHER_PROBABILITIES]: tensor('float32', [BATCH, classes], probabilities) };
    const out = await session.evalStep(taught);
    const logits = toNumbers(out.get('logits') as never) as number[];
    let kl = 0;
    for (let n = 0; n < BATCH; n++) {
      const row = logits.slice(n * classes, (n + 1) * classes).map((z) => z / 2);
      const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
      for (let c = 0; c < classes; c++) {
        const p = probabilities[n * classes + c] as number;
        kl += (p * (Math.log(p) - ((row[c] as number) - Math.log(total)))) / BATCH;
      }
    }
    expect(numberOf(out, 'kl')).toBeCloseTo(kl, 5);
    expect(numberOf(out, 'loss')).toBeCloseTo(numberOf(out, 'ce') + 0.5 * 4 * kl, 4);
    const none = {
      ...batch,
      [TEACHER_PROBABILITIES]: tensor('float32', [BATCH, classes], new Float32Array(BATCH * classes)),
    };
    const alone = await session.evalStep(none);
    expect(numberOf(alone, 'kl')).toBeCloseTo(0, 10);
    expect(numberOf(alone, 'loss')).toBe(numberOf(alone, 'ce'));
  });

  it('evaluates with running statistics that training moves, or with the batch’s and moves nothing', async () => {
    const options = exported('resnet8', { rates: [1e-9] });
    const running = await opened(options);
    const asTraining = await opened(options, { batch: BATCH, evaluateAsTraining: true });
    const batch = randomBatch(BATCH, SHAPE, 0);
    const before = numberOf(await running.evalStep(batch), 'loss');
    const predicted = numberOf(await asTraining.evalStep(batch), 'loss');
    const frozen = await asTraining.parameters();
    await asTraining.evalStep(batch);
    expect(await asTraining.parameters()).toEqual(frozen);
    expect(predicted).toBeCloseTo(numberOf(await asTraining.trainStep(batch), 'loss'), 5);
    for (let i = 0; i < 5; i++) await running.trainStep(batch);
    expect(numberOf(await running.evalStep(batch), 'loss')).not.toBeCloseTo(before, 3);
    // After many steps on one batch the running statistics are that batch's
    for (let i = 0; i < 120; i++) await running.trainStep(batch);
    expect(numberOf(await running.evalStep(batch), 'loss')).toBeCloseTo(predicted, 3);
  });
});

describe.skipIf(!hasPackage || !hasOfficial)(
  'official files that Agon exports again (skipped without package or ../shared)',
  () => {
    const feedsOf = () => ({ images: tensor('float32', [2, 1, 28, 28], officialImages()), labels: officialLabels() });
    const adamw = { ...OFFICIAL_ADAMW, betas: [0.9, 0.999] } as const;

    /** Their network, and its weights. */
    async function imported() {
      const made = { folder: OFFICIAL, checkpoint: join(OFFICIAL, 'checkpoint.ckpt'), name: 'mlp', made: 'a test' };
      const { manifest, files } = await importOrtTraining(made);
      const input = { classes: 10, channels: 1, height: 28, width: 28 };
      const bytes = files.get('forward.onnx') as Uint8Array;
      const network = readForward(bytes, 'forward.onnx', manifest.networks[0] as never, input);
      const { tensors } = readSafetensors(files.get('weights.safetensors') as Uint8Array, 'weights');
      return { network, weights: new Map([...tensors].map(([name, value]) => [name.slice(5), value])) };
    }

    it("reproduce Microsoft's golden losses in the official session", async () => {
      const feeds = feedsOf();
      const session = await opened({ ...(await imported()), batch: 'N', optimizer: adamw, rates: [1e-3] });
      expect(numberOf(await session.trainStep(feeds), 'loss')).toBeCloseTo(officialLoss('loss_1.out'), 5);
      await session.optimizerStep();
      expect(numberOf(await session.evalStep(feeds), 'loss')).toBeCloseTo(officialLoss('loss_2.out'), 5);
    });

    it('take a step of AdamW by Agon’s engine and are exported again: the golden loss, and the same next step', async () => {
      const feeds = feedsOf();
      const { network, weights } = await imported();
      const step = buildStep([network], { ...STEP, optimizer: adamw }, { batch: 2 });
      const stepper = await Stepper.open(
        { graph: step.graph, state: step.state, nextOf: nextName },
        { device: parseDevice('cpu') },
      );
      open.push(stepper);
      const zeros = (name: string) => {
        const shape = step.graph.parameters.get(name)?.value.shape as number[];
        return tensor('float32', shape, new Float32Array(elementCount(shape)));
      };
      stepper.load(new Map(step.state.map((name) => [name, weights.get(name.slice(5)) ?? zeros(name)])));
      const scalars = Object.entries(createOptimizer(adamw).scalarsAt(adamw.lr, 1));
      await stepper.step({ ...feeds, ...Object.fromEntries(scalars.map(([name, value]) => [name, scalar(value)])) });
      const state = new Map([...(await stepper.state())].map(([name, value]) => [name.slice(5), value]));
      const after = await opened({ network, weights: state, updates: 1, batch: 'N', optimizer: adamw, rates: [1e-3] });
      expect(numberOf(await after.evalStep(feeds), 'loss')).toBeCloseTo(officialLoss('loss_2.out'), 5);

      const whole = await opened({ network, weights, batch: 'N', optimizer: adamw, rates: [1e-3] });
      await whole.trainStep(feeds);
      await whole.optimizerStep();
      for (const session of [whole, after]) {
        await session.resetGradients();
        await session.trainStep(feeds);
        await session.optimizerStep();
      }
      const [expected, got] = [await whole.evalStep(feeds), await after.evalStep(feeds)].map((out) =>
        numberOf(out, 'loss'),
      );
      expect(got).toBeCloseTo(expected as number, 5);
    });
  },
);

describe('exporting official training files', () => {
  it('names the session’s own inputs and outputs as it expects them, in its order', () => {
    const files = createOrtTraining(exported('resnet8', { distillation: { alpha: 1, temperature: 1 } }));
    const names = (file: string, side: 'input' | 'output') =>
      decodeModel(files.get(file) as Uint8Array).graph[side].map(({ name }) => name);
    const inputs = names('training_model.onnx', 'input');
    expect(inputs.slice(0, 4)).toEqual(['images', 'labels', 'teacher_probabilities', 'conv1.weight']);
    expect(inputs.at(-1)).toBe('lazy_reset_grad');
    expect(inputs.filter((name) => name.endsWith('_grad.accumulation.buffer')).length).toBe(29);
    const outputs = names('training_model.onnx', 'output');
    expect(outputs.slice(0, 5)).toEqual(['loss', 'ce', 'kl', 'accuracy', 'logits']);
    expect(names('eval_model.onnx', 'output')).toEqual(['loss', 'ce', 'kl', 'accuracy', 'logits']);
    const parameters = inputs.slice(3).filter((name) => !/_grad/.test(name));
    expect(names('eval_model.onnx', 'input').slice(3)).toEqual(parameters);
    const operators = decodeModel(files.get('training_model.onnx') as Uint8Array).graph.node.map(
      ({ opType }) => opType,
    );
    expect(operators).toEqual(
      expect.arrayContaining(['ConvGrad', 'BatchNormInternal', 'BatchNormalizationGrad', 'ReluGrad']),
    );
    expect(operators).not.toContain('ConvTranspose');
  });

  it('has all parameters in one order: in the models, the checkpoint and the optimizer’s state', () => {
    const options = exported('resnet8');
    const names = [...options.network.parameters].filter(([, { role }]) => role === 'weight').map(([name]) => name);
    const moments = names.flatMap((name) => {
      const value = options.weights.get(name) as Tensor;
      return [
        [`${name}.exp_avg`, value],
        [`${name}.exp_avg_sq`, value],
      ] as const;
    });
    const optimizer = { name: 'adamw', lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0 } as const;
    const weights = new Map([...options.weights, ...moments]);
    const files = createOrtTraining({ ...options, optimizer, weights });
    const inputsOf = (file: string) => decodeModel(files.get(file) as Uint8Array).graph.input.map(({ name }) => name);
    const isParameter = (name: string) => options.network.parameters.has(name);
    const training = inputsOf('training_model.onnx');
    const order = training.filter(isParameter);
    expect(order.length).toBe(options.network.parameters.size);
    expect(inputsOf('eval_model.onnx').filter(isParameter)).toEqual(order);
    const suffix = '_grad.accumulation.buffer';
    const buffers = training.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
    const trained = order.filter((name) => names.includes(name));
    expect(buffers).toEqual(trained);
    const checkpoint = decodeOrtCheckpoint(files.get('checkpoint') as Uint8Array);
    expect([...checkpoint.trainable.keys()]).toEqual(trained);
    expect([...(checkpoint.optimizers[0]?.states.keys() ?? [])]).toEqual(trained);
    expect([...checkpoint.frozen.keys()]).toEqual(order.filter((name) => !names.includes(name)));
  });

  it('keeps AdamW’s moments, and counts its updates on', () => {
    const optimizer = { name: 'adamw', lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0 } as const;
    const plain = exported('resnet8', { optimizer, rates: [0.1, 0.05], updates: 3 });
    const trained = [...plain.network.parameters].filter(([, { role }]) => role === 'weight');
    const moments = trained.flatMap(([name, { value }]) => {
      const shape = value.shape as number[];
      const filled = (x: number) =>
        tensor('float32', shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(x));
      return [
        [`${name}.exp_avg`, filled(1)],
        [`${name}.exp_avg_sq`, filled(2)],
      ] as const;
    });
    const files = createOrtTraining({ ...plain, weights: new Map([...plain.weights, ...moments]) });
    const [group] = decodeOrtCheckpoint(files.get('checkpoint') as Uint8Array).optimizers;
    expect([group?.name, group?.step]).toEqual(['group0', 3n]);
    expect(group?.states.get('fc.bias')?.get('momentum1')?.data).toEqual(new Float32Array(10).fill(2));
    const integers = (bytes: Uint8Array, wanted: string) => {
      const found = decodeModel(bytes).graph.initializer.find(({ name }) => name === wanted);
      return toNumbers(fromTensorProto(found as never))[0];
    };
    const optimizerModel = files.get('optimizer_model.onnx') as Uint8Array;
    expect(['first', 'last'].map((name) => integers(optimizerModel, name))).toEqual([4, 1]);
    // Without moments the session begins to count anew
    const anew = createOrtTraining(plain).get('optimizer_model.onnx') as Uint8Array;
    expect(integers(anew, 'first')).toBe(1);
  });

  it('refuses SGD with momentum and incomplete weights, and leaves no folder behind', async () => {
    const folder = join(await temporaryFolder(), 'out');
    const options = exported('resnet8');
    await expect(exportOrtTraining(folder, { ...options, optimizer: { ...SGD, momentum: 0.9 } })).rejects.toThrow(
      'has no momentum: expected momentum 0, got 0.9',
    );
    const fewer = new Map([...options.weights].filter(([name]) => name !== 'fc.bias'));
    await expect(exportOrtTraining(folder, { ...options, weights: fewer })).rejects.toThrow(
      'parameter "fc.bias" is missing',
    );
    expect(existsSync(folder)).toBe(false);
    await exportOrtTraining(folder, options);
    expect((await readdir(folder)).sort()).toEqual([
      'checkpoint',
      'eval_model.onnx',
      'optimizer_model.onnx',
      'training_model.onnx',
    ]);
    await expect(exportOrtTraining(folder, options)).rejects.toThrow('there is a set of training files in this folder');
    await writeFile(join(folder, 'checkpoint'), 'old');
    await exportOrtTraining(folder, options, { overwrite: true });
    expect((await readFile(join(folder, 'checkpoint'))).length).toBeGreaterThan(1000);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await expect(exportOrtTraining(folder, options, { overwrite: true })).rejects.toThrow(
      '"notes.txt" is in this folder and is no part of a set of training files',
    );
    const mine = await temporaryFolder();
    await writeFile(join(mine, 'training_model.onnx'), 'mine');
    await expect(exportOrtTraining(mine, options, { overwrite: true })).rejects.toThrow(
      'other files than a set of training files',
    );
    expect(await readFile(join(mine, 'training_model.onnx'), 'utf8')).toBe('mine');
  });
});
