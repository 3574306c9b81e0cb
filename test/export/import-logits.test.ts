import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { networkPrefix } from '../../src/distill/step.js';
import { openTrainedGroup, type TrainedGroup } from '../../src/export/trained-group.js';
import { writeModelFile } from '../../src/onnx/file.js';
import type { GraphProto, NodeProto } from '../../src/onnx/model.js';
import { tensor, toNumbers } from '../../src/onnx/tensor.js';
import { toTensorProto } from '../../src/onnx/tensor-proto.js';
import { CPU } from '../../src/runtime/device.js';
import { Predictor } from '../../src/runtime/predictor.js';
import { probabilitiesOf } from '../../src/train/logit-rows.js';
import { stream } from '../../src/util/random.js';
import { shared } from '../data/helpers.js';
import { integersProto, modelProto, nodeProto, valueProto } from '../graph/support/protos.js';
import { temporaryFolder } from '../run/runs.js';

const [SIDE, WIDTH, CLASSES] = [4, 5, 3];
const LAST = WIDTH * SIDE * SIDE;

function randomNumbers(purpose: string, count: number): number[] {
  const random = stream(43, purpose);
  return Array.from({ length: count }, () => Math.fround(random.normal()));
}

const weight = (name: string, ...dims: number[]) =>
  toTensorProto(
    name,
    tensor(
      'float32',
      dims,
      randomNumbers(
        name,
        dims.reduce((a, b) => a * b),
      ),
    ),
  );

/** As PyTorch's exporter writes a network whose batch is fixed: Conv, Relu, a view with allowzero, Linear; then `ending`. */
function network(batch: number | string, ending: readonly NodeProto[], output: readonly string[]): Partial<GraphProto> {
  return {
    input: [valueProto('x', [batch, 2, SIDE, SIDE])],
    output: output.map((name) => valueProto(name)),
    initializer: [
      weight('conv.weight', WIDTH, 2, 3, 3),
      weight('fc.weight', CLASSES, LAST),
      weight('fc.bias', CLASSES),
      integersProto('val_0', 1, LAST),
      integersProto('spatial', 2, 3),
      integersProto('last', 1),
    ],
    node: [
      nodeProto('Conv', ['x', 'conv.weight'], ['conv1'], { pads: [1, 1, 1, 1] }),
      nodeProto('Relu', ['conv1'], ['relu']),
      typeof batch === 'number'
        ? nodeProto('Reshape', ['relu', 'val_0'], ['view'], { allowzero: 1 })
        : nodeProto('Flatten', ['relu'], ['view']),
      nodeProto('Gemm', ['view', 'fc.weight', 'fc.bias'], ['linear'], { transB: 1 }),
      ...ending,
    ],
  };
}

async function write(graph: Partial<GraphProto>): Promise<string> {
  const path = join(await temporaryFolder(), 'foreign.onnx');
  await writeModelFile(path, modelProto(20, graph));
  return path;
}

/** What the model itself gives for one image [2, SIDE, SIDE]. */
async function given(path: string, output: string, image: readonly number[], dims = [1, 2, SIDE, SIDE]) {
  const session = await ort.InferenceSession.create(path, { logSeverityLevel: 3 });
  const [name = ''] = session.inputNames;
  const results = await session.run({ [name]: new ort.Tensor('float32', Float32Array.from(image), dims) });
  await session.release();
  return Array.from(results[output]?.data as Float32Array);
}

async function logitsOf({ networks, input, tensors }: TrainedGroup, images: readonly number[], count: number) {
  const graph = networks[0]?.build(input);
  if (!graph) throw new Error('no network');
  const predictor = await Predictor.open(graph, { device: CPU });
  predictor.load((name) => tensors.get(networkPrefix(0) + name) ?? expect.fail(`no ${name}`));
  const { channels, height, width } = input;
  const logits = await predictor.logits(tensor('float32', [count, channels, height, width], images));
  await predictor.close();
  return logits;
}

function expectClose(got: readonly number[], expected: readonly number[]): void {
  expect(got.length).toBe(expected.length);
  for (const [i, value] of got.entries()) expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-4);
}

const IMAGES = [randomNumbers('first', 2 * SIDE * SIDE), randomNumbers('second', 2 * SIDE * SIDE)];

/** The imported network on two images at once, against the model on each; `same` says how its scores and logits go together. */
async function expectSame(
  path: string,
  output: string,
  given1: string,
  same = (z: number) => z,
): Promise<TrainedGroup> {
  const trained = await openTrainedGroup(path, output ? { output } : {});
  const logits = await logitsOf(trained, IMAGES.flat(), 2);
  expect(logits.dims).toEqual([2, CLASSES]);
  const expected = [...(await given(path, given1, IMAGES[0] ?? [])), ...(await given(path, given1, IMAGES[1] ?? []))];
  expectClose(toNumbers(logits).map(same), expected);
  return trained;
}

const identity = nodeProto('Identity', ['linear'], ['y']);
const exponentials = [
  nodeProto('Exp', ['linear'], ['powers']),
  nodeProto('ReduceSum', ['powers', 'last'], ['sums'], { keepdims: 1 }),
  nodeProto('Div', ['powers', 'sums'], ['probs']),
];

describe('a foreign model as a network', () => {
  it('may have a fixed batch, as PyTorch’s exporter writes it', async () => {
    const { notes, input } = await expectSame(await write(network(1, [identity], ['y'])), '', 'y');
    expect(notes).toEqual([]);
    expect(input).toEqual({ classes: CLASSES, channels: 2, height: SIDE, width: SIDE });
  });

  it('may have several outputs, one of which is named', async () => {
    const path = await write(network('N', exponentials, ['probs', 'conv1', 'relu']));
    const trained = await openTrainedGroup(path, { output: 'linear' });
    const logits = await logitsOf(trained, IMAGES[0] ?? [], 1);
    expectClose([...probabilitiesOf(logits, 0)], await given(path, 'probs', IMAGES[0] ?? []));
    expect(trained.notes).toEqual([]);
    await expect(openTrainedGroup(path)).rejects.toThrow(
      `${path}: its outputs: expected one, or one called "logits", got "probs", "conv1", "relu". Name the one with a number for each class: --output NAME`,
    );
    await expect(openTrainedGroup(path, { output: 'prob' })).rejects.toThrow(
      `${path}: it has no output "prob". Did you mean "probs"? (--output)`,
    );
    await expect(openTrainedGroup(path, { output: 'conv1' })).rejects.toThrow(/logits "conv1": .*\[N, 5, 4, 4\]/);
  });

  it.each(['N', 1])('that gives probabilities gives their logarithms, batch %s', async (batch) => {
    const path = await write(network(batch, exponentials, ['probs', 'conv1']));
    const { notes } = await expectSame(path, 'probs', 'probs', Math.exp);
    expect(notes).toEqual([
      `${path}: its output "probs" gives probabilities (rows that sum to 1): their logarithm is taken`,
    ]);
  });

  it('that gives the numbers of a Sigmoid is refused, its logits are not', async () => {
    const path = await write(network('N', [nodeProto('Sigmoid', ['linear'], ['p'])], ['p']));
    await expect(openTrainedGroup(path)).rejects.toThrow(`${path}: its output "p": expected logits, or probabilities`);
    expect((await openTrainedGroup(path, { output: 'linear' })).input.classes).toBe(CLASSES);
  });

  it('may give [N, C, 1, 1]', async () => {
    const ending = nodeProto('Unsqueeze', ['linear', 'spatial'], ['y']);
    await expectSame(await write(network(1, [ending], ['y'])), '', 'y');
    const head = network('N', [], []);
    const conv = nodeProto('Conv', ['relu', 'head.weight'], ['y']);
    const initializer = [...(head.initializer ?? []), weight('head.weight', CLASSES, WIDTH, SIDE, SIDE)];
    const node = [...(head.node ?? []).slice(0, 2), conv];
    const path = await write({ ...head, initializer, node, output: [valueProto('y')] });
    await expectSame(path, '', 'y');
  });

  it.each([1, 'N'])('may take images [N, H, W, C], batch %s', async (batch) => {
    const plain = network(batch, [identity], ['y']);
    const initializer = [...(plain.initializer ?? []).slice(1), weight('conv.weight', WIDTH, 3, 3, 3)];
    const front = nodeProto('Transpose', ['nhwc'], ['x'], { perm: [0, 3, 1, 2] });
    const input = [valueProto('nhwc', [batch, SIDE, SIDE, 3])];
    const path = await write({ ...plain, initializer, input, node: [front, ...(plain.node ?? [])] });
    const trained = await openTrainedGroup(path);
    expect(trained.input).toEqual({ classes: CLASSES, channels: 3, height: SIDE, width: SIDE });
    expect(trained.notes).toEqual([
      `${path}: its images are [N, H, W, C]: a Transpose of [N, C, H, W] is put in front of "nhwc"`,
    ]);
    const planes = randomNumbers('planes', 3 * SIDE * SIDE);
    const pixels = Array.from(planes, (_, i) => planes[(i % 3) * SIDE * SIDE + Math.floor(i / 3)] as number);
    const logits = await logitsOf(trained, planes, 1);
    expectClose(toNumbers(logits), await given(path, 'y', pixels, [1, SIDE, SIDE, 3]));
  });

  it('of a run needs no output', async () => {
    await expect(openTrainedGroup('/nowhere', { output: 'y' })).rejects.toThrow('Leave --output out');
  });
});

const teachers = shared('cases/teachers');

describe.skipIf(teachers.absent)('the sample teachers as networks', () => {
  it('give equal probabilities in all spellings', async () => {
    const images = randomNumbers('colour', 2 * 3 * 32 * 32);
    const all: number[][] = [];
    for (const name of ['logits', 'softmax', 'softmax-identity', 'nhwc']) {
      const trained = await openTrainedGroup(join(teachers.path, `${name}.onnx`));
      all.push(toNumbers(await logitsOf(trained, images, 2)));
    }
    for (const each of all) expectClose(each, all[0] ?? []);
    await expect(openTrainedGroup(join(teachers.path, 'sigmoid.onnx'))).rejects.toThrow('as a Sigmoid gives');
  });
});
