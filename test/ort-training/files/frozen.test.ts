import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readForward } from '../../../src/artifacts/forward.js';
import { buildStep, nextName } from '../../../src/distill/step.js';
import { initialiseParameters } from '../../../src/nets/initialise.js';
import { createNetwork } from '../../../src/nets/registry.js';
import { decodeModel, encodeModel } from '../../../src/onnx/file.js';
import type { GraphProto } from '../../../src/onnx/model.js';
import { readSafetensors } from '../../../src/onnx/safetensors.js';
import { scalar, type Tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { toTensorProto } from '../../../src/onnx/tensor-proto.js';
import { createOrtTraining, exportOrtTraining } from '../../../src/ort-training/files/export.js';
import { importOrtTraining } from '../../../src/ort-training/files/import.js';
import { decodeOrtCheckpoint } from '../../../src/ort-training/files/read-checkpoint.js';
import { encodeOrtCheckpoint } from '../../../src/ort-training/files/write-checkpoint.js';
import { parseDevice } from '../../../src/runtime/device.js';
import { Stepper } from '../../../src/runtime/stepping/stepper.js';
import { parseSettings } from '../../../src/settings/settings.js';
import { temporaryFolder } from '../../artifacts/samples.js';
import { hasPackage } from './official.js';
import { openExported, randomBatch } from './sessions.js';

const INPUT = { classes: 10, channels: 3, height: 16, width: 16 };
const SGD = { name: 'sgd', lr: 0.1, momentum: 0, weightDecay: 0, nesterov: false } as const;
const BATCH = 8;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

interface Changes {
  /** Parameters that the checkpoint lists as frozen. */
  readonly frozen?: (name: string) => boolean;
  /** Parameters that are no parameters but tensors of the model itself. */
  readonly constants?: (name: string) => boolean;
  readonly training?: (graph: GraphProto) => GraphProto;
}

/** Official files of ResNet-8 that are imported again. */
async function imported({ frozen = () => false, constants = () => false, training }: Changes) {
  const folder = join(await temporaryFolder(), 'official');
  const network = createNetwork('resnet8', INPUT);
  const weights = initialiseParameters(network, 1, 0);
  await exportOrtTraining(folder, { network, weights, batch: BATCH, optimizer: SGD, rates: [0.1] });
  const change = async (file: string, how: (bytes: Uint8Array) => Uint8Array) =>
    writeFile(join(folder, file), how(await readFile(join(folder, file))));
  await change('checkpoint', (bytes) => {
    const checkpoint = decodeOrtCheckpoint(bytes);
    const all = [...checkpoint.trainable, ...checkpoint.frozen].filter(([name]) => !constants(name));
    const isFrozen = (name: string) => checkpoint.frozen.has(name) || frozen(name);
    const pick = (wanted: boolean) => new Map(all.filter(([name]) => isFrozen(name) === wanted));
    return encodeOrtCheckpoint({ ...checkpoint, trainable: pick(false), frozen: pick(true) });
  });
  const changeGraph = (file: string, how: (graph: GraphProto) => GraphProto) =>
    change(file, (bytes) => {
      const model = decodeModel(bytes);
      return encodeModel({ ...model, graph: how(model.graph) });
    });
  await changeGraph('eval_model.onnx', (graph) => ({
    ...graph,
    input: graph.input.filter(({ name }) => !constants(name)),
    initializer: [
      ...graph.initializer,
      ...[...weights].filter(([name]) => constants(name)).map(([name, value]) => toTensorProto(name, value)),
    ],
  }));
  if (training) await changeGraph('training_model.onnx', training);
  const { manifest, files } = await importOrtTraining({ folder, name: 'net', made: 'a test' });
  const [entry] = manifest.networks;
  const graph = readForward(files.get('forward.onnx') as Uint8Array, 'forward.onnx', entry as never, INPUT);
  const { tensors } = readSafetensors(files.get('weights.safetensors') as Uint8Array, 'weights');
  const own = new Map([...tensors].map(([name, value]) => [name.replace('net0.', ''), value]));
  const roleOf = (name: string) => entry?.parameters.find((each) => each.name === name)?.role;
  return { graph, tensors, weights: own, roleOf };
}

/** Of a network that was exported in inference form the Python tool's training model moves no statistics. */
const inInferenceForm = (graph: GraphProto): GraphProto => ({
  ...graph,
  node: graph.node.map((node) => (node.opType === 'BatchNormInternal' ? { ...node, opType: 'Other' } : node)),
});

type Network = Awaited<ReturnType<typeof imported>>;

/** The state after a step of Agon's own engine. */
async function trained({ graph, tensors }: Network) {
  const step = buildStep([graph], parseSettings({ rule: 'none', optimizer: SGD }), { batch: BATCH });
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  const stepper = await Stepper.open(source, { device: parseDevice('cpu') });
  open.push(stepper);
  stepper.load(tensors);
  const out = await stepper.step({ ...randomBatch(BATCH, [3, 16, 10], 0), learning_rate: scalar(0.1) });
  const state = new Map([...(await stepper.state())].map(([name, value]) => [name.replace('net0.', ''), value]));
  return { state, loss: toNumbers(out.get('total') as Tensor)[0] as number };
}

const changedBy = (before: ReadonlyMap<string, Tensor>, after: ReadonlyMap<string, Tensor>) =>
  new Set([...before].filter(([name, { data }]) => `${after.get(name)?.data}` !== `${data}`).map(([name]) => name));

describe('parameters that official files have as frozen', () => {
  const frozen = (name: string) => name === 'conv1.weight' || name.startsWith('layer1');

  it('stay as they are when Agon trains on, and frozen when they are exported again', async () => {
    const network = await imported({ frozen });
    expect(['conv1.weight', 'fc.weight', 'bn1.running_mean'].map(network.roleOf)).toEqual([
      'frozen',
      'weight',
      'buffer',
    ]);
    const { state } = await trained(network);
    const changed = changedBy(network.weights, state);
    // A convolution whose bias or whose input's scale is nothing yet may have no gradient
    expect([...changed]).toEqual(expect.arrayContaining(['fc.weight', 'layer2.0.conv1.weight', 'bn1.running_mean']));
    expect([...changed].filter((name) => frozen(name) && !name.includes('running'))).toEqual([]);
    const options = { network: network.graph, weights: state, batch: BATCH, optimizer: SGD, rates: [0.1] };
    const again = decodeOrtCheckpoint(createOrtTraining(options).get('checkpoint') as Uint8Array);
    expect(again.frozen.get('conv1.weight')).toEqual(network.weights.get('conv1.weight'));
    expect([...again.trainable.keys()].filter(frozen)).toEqual([]);
    expect(again.trainable.has('fc.weight')).toBe(true);
  });

  it.skipIf(!hasPackage).each([
    ['weights', { frozen }],
    ['running statistics', { training: inInferenceForm }],
  ])('(%s) are left alone by the official session as well, at the same loss', async (_, changes) => {
    const network = await imported(changes);
    const options = { network: network.graph, weights: network.weights, batch: BATCH, optimizer: SGD, rates: [0.1] };
    const session = await openExported(options);
    open.push(session);
    const out = await session.trainStep(randomBatch(BATCH, [3, 16, 10], 0));
    const { loss, state } = await trained(network);
    expect(toNumbers(out.get('loss') as Tensor)[0]).toBeCloseTo(loss, 4);
    await session.optimizerStep();
    const evaluated = await session.evalStep(randomBatch(BATCH, [3, 16, 10], 1));
    const again = await openExported({ ...options, weights: state });
    open.push(again);
    const expected = await again.evalStep(randomBatch(BATCH, [3, 16, 10], 1));
    // Statistics that are learned take in another variance there
    const digits = 'training' in changes ? 3 : 1;
    expect(toNumbers(evaluated.get('loss') as Tensor)[0]).toBeCloseTo(
      toNumbers(expected.get('loss') as Tensor)[0] as number,
      digits,
    );
  });

  it('include running statistics that the training model doesn’t update', async () => {
    const network = await imported({ training: inInferenceForm });
    expect(network.roleOf('bn1.running_mean')).toBe('frozen');
    const changed = changedBy(network.weights, (await trained(network)).state);
    expect([...changed].filter((name) => name.includes('running'))).toEqual([]);
    expect(changed.has('bn1.weight')).toBe(true);
  });

  it('may be only one of a normalisation’s running statistics', async () => {
    const network = await imported({ constants: (name) => name === 'bn1.running_var' });
    expect(network.roleOf('bn1.running_mean')).toBe('buffer');
    const { state } = await trained(network);
    expect(state.get('bn1.running_mean')).toEqual(network.weights.get('bn1.running_mean'));
  });

  it('are constants where the checkpoint doesn’t have them', async () => {
    const constants = (name: string) => name === 'fc.bias' || name.startsWith('bn1');
    const network = await imported({ constants });
    expect([...network.graph.parameters.keys()].filter(constants)).toEqual([]);
    const { state } = await trained(network);
    expect([...state.keys()].filter(constants)).toEqual([]);
    expect(changedBy(network.weights, state).has('fc.weight')).toBe(true);
  });
});
