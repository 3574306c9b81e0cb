import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Preprocessing } from '../../src/data/image/preprocess.js';
import { exportRun } from '../../src/export/export-run.js';
import { add, div, reshape, scale } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { toModel } from '../../src/graph/to-model.js';
import { writeModelFile } from '../../src/onnx/file.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { type FrozenTeacherOptions, openFrozenTeacher } from '../../src/train/frozen-teacher.js';
import { probabilitiesOf } from '../../src/train/logit-rows.js';
import { stream } from '../../src/util/random.js';
import { shared } from '../data/helpers.js';
import { RESNET, runHere, SIDE, smallData, smallSettings, WIDER } from '../run/runs.js';

const IMAGES = 3;
const CLASSES = ['ant', 'bee', 'cat', 'dog'];
const PIXELS = SIDE * SIDE;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-teacher-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Of grey images, as the run's whose teacher is wanted. */
const preprocessing: Preprocessing = {
  height: SIDE,
  width: SIDE,
  channels: 1,
  mean: [0.4],
  std: [0.2],
  resize: { height: SIDE, width: SIDE },
};
const run: FrozenTeacherOptions = { classes: CLASSES, preprocessing, device: CPU };

function randomNumbers(purpose: string, count: number): number[] {
  const random = stream(41, purpose);
  return Array.from({ length: count }, () => Math.fround(random.normal()));
}

const images = tensor('float32', [IMAGES, 1, SIDE, SIDE], randomNumbers('images', IMAGES * PIXELS));

async function logitsOf(model: string, options = run, input: Tensor = images, output?: string): Promise<Tensor> {
  const teacher = await openFrozenTeacher({ model, output }, options);
  try {
    return await teacher.logits(input);
  } finally {
    await teacher.close();
  }
}

function expectClose(got: Tensor, expected: readonly number[], tolerance = 1e-4): void {
  expect(got.dims).toEqual([IMAGES, CLASSES.length]);
  toNumbers(got).forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number)), `number ${i}: ${value}, ${expected[i]}`).toBeLessThan(tolerance);
  });
}

/** A short run, and one like it that is to be taught by it. */
async function trainedRun() {
  const { folder } = await runHere(smallSettings(await smallData(), { nets: [RESNET, WIDER], epochs: 1 }));
  const { best, winner } = runPaths(folder);
  const checkpoint = await readCheckpoint(best);
  const options: FrozenTeacherOptions = {
    ...run,
    classes: checkpoint.classes,
    preprocessing: checkpoint.preprocessing,
  };
  const { path: tensorModel } = await exportRun(folder, { checkpoint: 'best', input: 'tensor' });
  return { folder, winner, tensorModel, options };
}

/** An exported model that takes tensors, by ONNX Runtime alone. */
async function exportedLogits(path: string, input: Tensor): Promise<number[]> {
  const session = await ort.InferenceSession.create(path);
  const feed = new ort.Tensor('float32', input.data as Float32Array, input.dims);
  const { logits } = await session.run({ images: feed });
  await session.release();
  return Array.from(logits?.data as Float32Array);
}

describe('a run as the frozen teacher', () => {
  it('is its winner, from the folder as from the exported file', async () => {
    const { folder, winner, tensorModel, options } = await trainedRun();
    const expected = await exportedLogits(tensorModel, images);
    expect(new Set(expected).size).toBe(expected.length);
    expectClose(await logitsOf(folder, options), expected);
    expectClose(await logitsOf(winner, options), expected);
  });

  it('sees images of a run with other means and deviations as its own', async () => {
    const { folder, winner, tensorModel, options } = await trainedRun();
    const [mean, std] = [options.preprocessing.mean[0] as number, options.preprocessing.std[0] as number];
    const other = { ...options, preprocessing: { ...options.preprocessing, mean: [0.1], std: [0.7] } };
    // x = (pixel - 0.1) / 0.7 back to pixels, then normalised as the teacher's
    const own = toNumbers(images).map((x) => (x * 0.7 + 0.1 - mean) / std);
    const expected = await exportedLogits(tensorModel, tensor('float32', images.dims, own));
    for (const model of [folder, winner]) expectClose(await logitsOf(model, other), expected, 1e-3);
  });

  it('for other classes or images is refused', async () => {
    const { folder, winner, options } = await trainedRun();
    const [first, ...rest] = options.classes as [string, ...string[]];
    const large = { ...options, preprocessing: { ...options.preprocessing, width: 32 } };
    for (const model of [folder, winner]) {
      await expect(logitsOf(model, { ...options, classes: [first, ...rest, 'more'] })).rejects.toThrow(
        `${model}: the frozen teacher doesn't know all of the run's classes: expected more, got ${[first, ...rest].join(', ')}. Name`,
      );
      await expect(logitsOf(model, large)).rejects.toThrow(
        `${model}: the frozen teacher takes other images than the run: expected [N, 1, 8, 32], got [N, 1, 8, 8]. Train`,
      );
    }
  });
});

describe('the classes of a frozen teacher', () => {
  it('are found by name, in any order and among others', async () => {
    const { folder, winner, tensorModel, options } = await trainedRun();
    const numbers = await exportedLogits(tensorModel, images);
    const columns = [3, 0, 2, 1];
    const pick = (chosen: readonly number[]) => {
      const classes = chosen.map((c) => options.classes[c] as string);
      const values = Array.from({ length: IMAGES }, (_, n) => chosen.map((c) => numbers[4 * n + c] as number)).flat();
      return { options: { ...options, classes }, values };
    };
    const [swapped, fewer] = [pick(columns), pick([2, 0])];
    for (const model of [folder, winner]) {
      expectClose(await logitsOf(model, swapped.options), swapped.values);
      const two = await logitsOf(model, fewer.options);
      expect(two.dims).toEqual([IMAGES, 2]);
      for (const [i, value] of toNumbers(two).entries()) expect(value).toBeCloseTo(fewer.values[i] as number, 4);
      const { notes, close } = await openFrozenTeacher({ model }, fewer.options);
      await close();
      expect(notes).toEqual([`${model}: of its 4 classes the 2 of the run are taken, by name`]);
    }
  });

  it('are the names that Ultralytics or ImageNet spell, too', async () => {
    const path = join(root, 'named.onnx');
    const names = `{0: 'dog', 1: "ant, emmet", 2: 'Cat', 3: 'honey_bee, bee'}`;
    await writeModelFile(path, toModel(foreign({}), { metadata: { names } }));
    const expected = expectedLogits();
    const values = Array.from({ length: IMAGES }, (_, n) => [1, 3, 2, 0].map((c) => expected[4 * n + c] as number));
    expectClose(await logitsOf(path), values.flat());
  });

  it('that it does not name must be as many', async () => {
    const path = await write('unnamed.onnx', foreign({}));
    await expect(logitsOf(path, { ...run, classes: ['ant', 'bee'] })).rejects.toThrow(
      `${path}: the frozen teacher's logits for 2 images: expected float32 [2, 2], got float32 [2, 4]. It must tell the run's classes apart; of one with more classes`,
    );
  });
});

const WEIGHT = randomNumbers('weight', PIXELS * CLASSES.length);

interface Foreign {
  readonly batch?: number | string;
  readonly output?: string;
  /** Puts something behind the logits. */
  readonly ending?: (g: Graph, logits: Value) => Value;
}

/** A linear classifier without metadata. */
function foreign({ batch = 'N', output = 'scores', ending = (_, logits) => logits }: Foreign): Graph {
  const g = new Graph('foreign');
  const pixels = g.input('pixels', 'float32', [batch, 1, SIDE, SIDE]);
  const weight = g.constant(tensor('float32', [PIXELS, CLASSES.length], WEIGHT));
  g.output(output, ending(g, g.op('MatMul', [g.op('Flatten', [pixels]), weight])));
  return g;
}

async function write(name: string, graph: Graph): Promise<string> {
  const path = join(root, name);
  await writeModelFile(path, toModel(graph));
  return path;
}

/** The linear classifier by plain loops. */
function expectedLogits(): number[] {
  const x = toNumbers(images);
  return Array.from({ length: IMAGES * CLASSES.length }, (_, at) => {
    const [n, c] = [Math.floor(at / CLASSES.length), at % CLASSES.length];
    let sum = 0;
    for (let i = 0; i < PIXELS; i++) sum += (x[n * PIXELS + i] as number) * (WEIGHT[i * CLASSES.length + c] as number);
    return sum;
  });
}

const softmax = (g: Graph, logits: Value) => g.op('Softmax', [logits], { axis: -1 });

function exponentials(g: Graph, logits: Value): Value {
  const powers = g.op('Exp', [logits]);
  return div(g, powers, g.op('ReduceSum', [powers, g.integers([1])], { keepdims: 1 }));
}

const stableExponentials = (g: Graph, logits: Value) =>
  exponentials(g, g.op('Sub', [logits, g.op('ReduceMax', [logits, g.integers([1])], { keepdims: 1 })]));

const expectedTensor = () => tensor('float32', [IMAGES, CLASSES.length], expectedLogits());
const probabilitiesIn = (logits: Tensor) =>
  Array.from({ length: logits.dims[0] as number }, (_, row) => [...probabilitiesOf(logits, row)]).flat();

const teachers = shared('cases/teachers');

describe('any ONNX classifier as the frozen teacher', () => {
  it.each<[string, Foreign]>([
    ['an output of any name', {}],
    ['a Softmax at the end', { ending: softmax, output: 'probabilities' }],
    ['a fixed batch', { batch: 1 }],
    ['a fixed batch and a Softmax', { batch: 1, ending: softmax }],
  ])('gives its logits: %s', async (title, given) => {
    const path = await write(`${title}.onnx`, foreign(given));
    expectClose(await logitsOf(path), expectedLogits());
  });

  it.each<[string, Foreign['ending']]>([
    ['Softmax, then Identity', (g, z) => g.op('Identity', [softmax(g, z)])],
    ['Softmax, then other shapes', (g, z) => reshape(g, g.op('Unsqueeze', [softmax(g, z), g.integers([2])]), [-1, 4])],
    ['Exp over its sum', exponentials],
    ['Exp over its sum, its largest taken off', stableExponentials],
    ['two Softmax mixed', (g, z) => scale(g, g.op('Add', [softmax(g, z), exponentials(g, z)]), 0.5)],
    ['LogSoftmax', (g, z) => g.op('LogSoftmax', [z], { axis: -1 })],
    ['Softmax, its logarithm', (g, z) => g.op('Log', [softmax(g, z)])],
    ['[N, C, 1, 1]', (g, z) => g.op('Unsqueeze', [z, g.integers([2, 3])])],
    [
      '[N, C, 1, 1] with a Softmax',
      (g, z) => g.op('Softmax', [g.op('Unsqueeze', [z, g.integers([2, 3])])], { axis: 1 }),
    ],
    ['[N, 1, 1, C]', (g, z) => g.op('Unsqueeze', [z, g.integers([1, 2])])],
  ])('teaches the same with another ending: %s', async (title, ending) => {
    for (const batch of ['N', 1]) {
      const path = await write(
        `${title.replaceAll(/\W/g, '-')}-${batch}.onnx`,
        foreign({ batch, ending: ending as never }),
      );
      const got = await logitsOf(path);
      expectClose(tensor('float32', got.dims, probabilitiesIn(got)), probabilitiesIn(expectedTensor()), 1e-6);
    }
  });

  it('whose probabilities are probabilities of probabilities is taken at its word', async () => {
    // A network that ends in Softmax, exported with another one: what it says is the last one's
    const path = await write('twice.onnx', foreign({ ending: (g, z) => softmax(g, softmax(g, z)) }));
    expectClose(await logitsOf(path), probabilitiesIn(expectedTensor()), 1e-6);
  });

  it('says in one line that it gives probabilities', async () => {
    const notesOf = async (ending: Foreign['ending']) => {
      const path = await write('notes.onnx', foreign({ ending: ending as never }));
      const { notes, close } = await openFrozenTeacher({ model: path }, run);
      await close();
      return notes.map((note) => note.replace(path, 'PATH'));
    };
    expect(await notesOf(exponentials)).toEqual([
      'PATH: its output "scores" gives probabilities (rows that sum to 1): their logarithm is taken',
    ]);
    expect(await notesOf(undefined)).toEqual([]);
    expect(await notesOf(softmax)).toEqual([]);
  });

  it('with an Exp that overflows for some images is known for probabilities by the others', async () => {
    const path = await write('overflows.onnx', foreign({ ending: (g, z) => exponentials(g, scale(g, z, 12)) }));
    const { notes, close } = await openFrozenTeacher({ model: path }, run);
    await close();
    expect(notes).toEqual([expect.stringContaining('gives probabilities')]);
    const spoilt = await write('nan.onnx', foreign({ ending: (g, z) => add(g, z, g.scalar(Number.NaN)) }));
    await expect(logitsOf(spoilt)).rejects.toThrow(
      'its output "scores" for a first batch: expected finite numbers, got',
    );
  });

  it('with probabilities that float32 rounds to 0 has finite logits', async () => {
    const path = await write('sharp.onnx', foreign({ ending: (g, z) => stableExponentials(g, scale(g, z, 1000)) }));
    const numbers = toNumbers(await logitsOf(path));
    expect(numbers.every(Number.isFinite)).toBe(true);
    expect(Math.min(...numbers)).toBeLessThan(-80);
  });

  it.each<[string, NonNullable<Foreign['ending']>]>([
    ['Sigmoid', (g, z) => g.op('Sigmoid', [z])],
    ['Sigmoid, then Identity', (g, z) => g.op('Identity', [g.op('Sigmoid', [z])])],
    ['HardSigmoid', (g, z) => g.op('HardSigmoid', [z])],
    ['1 over 1 and Exp', (g, z) => div(g, g.scalar(1), add(g, g.scalar(1), g.op('Exp', [g.op('Neg', [z])])))],
    ['Softmax, halved', (g, z) => scale(g, softmax(g, z), 0.5)],
  ])('whose numbers are in [0, 1] and do not sum to 1 is refused: %s', async (title, ending) => {
    const path = await write(`refused-${title.replaceAll(/\W/g, '-')}.onnx`, foreign({ ending }));
    await expect(logitsOf(path)).rejects.toThrow(
      `${path}: its output "scores": expected logits, or probabilities that sum to 1, got numbers in [0, 1] that sum to `,
    );
    await expect(logitsOf(path)).rejects.toThrow('(--teacher-output), if those are logits');
  });

  it.each<[string, NonNullable<Foreign['ending']>]>([
    ['Sigmoid', (g, z) => g.op('Sigmoid', [z])],
    ['Sigmoid, then Identity', (g, z) => g.op('Identity', [g.op('Sigmoid', [z])])],
    ['1 over 1 and Exp', (g, z) => div(g, g.scalar(1), add(g, g.scalar(1), g.op('Exp', [g.op('Neg', [z])])))],
    ['logits', (_, z) => z],
  ])('of images with any number of classes gives the logits of its sigmoids: %s', async (title, ending) => {
    const path = await write(`multi-${title.replaceAll(/\W/g, '-')}.onnx`, foreign({ ending }));
    expectClose(await logitsOf(path, { ...run, task: 'multi-label' }), expectedLogits(), 2e-3);
  });

  it('of images with one class each teaches none with any number of them', async () => {
    const path = await write('softmax-only.onnx', foreign({ ending: softmax }));
    await expect(logitsOf(path, { ...run, task: 'multi-label' })).rejects.toThrow(
      `${path}: its output "scores": expected logits, or probabilities of each class by itself`,
    );
  });

  it('whose logits happen to be in [0, 1] has logits', async () => {
    const small = (g: Graph, z: Value) => add(g, scale(g, z, 1e-3), g.scalar(0.25));
    const path = await write('small.onnx', foreign({ ending: small }));
    const expected = expectedLogits().map((z) => z * 1e-3 + 0.25);
    expect(expected.every((z) => z > 0 && z < 1)).toBe(true);
    expectClose(await logitsOf(path), expected, 1e-6);
  });

  it.each<[string, readonly (number | string)[]]>([
    ['sizes', ['N', SIDE, SIDE, 1]],
    ['a fixed batch', [2, SIDE, SIDE, 1]],
    ['free sizes', ['N', 'h', 'w', 1]],
    ['no sizes at all, but a Transpose to channels first', ['N', 'h', 'w', 'c']],
  ])('sees its images as [N, H, W, C] where it has them so: %s', async (title, shape) => {
    const g = new Graph('nhwc');
    const pixels = g.input('pixels', 'float32', [shape[0] as number | string, SIDE, SIDE, 1]);
    const first = g.op('Transpose', [pixels], { perm: [0, 3, 1, 2] });
    const weight = g.constant(tensor('float32', [PIXELS, CLASSES.length], WEIGHT));
    g.output('scores', g.op('MatMul', [reshape(g, first, [-1, PIXELS]), weight]));
    const path = join(root, `nhwc-${title.replaceAll(/\W/g, '-')}.onnx`);
    const model = toModel(g);
    const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
    const input = [{ name: 'pixels', type: { tensorType: { elemType: 1, shape: { dim } } } }];
    await writeModelFile(path, { ...model, graph: { ...model.graph, input } });
    expectClose(await logitsOf(path), expectedLogits());
    const { notes, close } = await openFrozenTeacher({ model: path }, run);
    await close();
    expect(notes).toEqual([
      `${path}: its images are [N, H, W, C]: a Transpose of [N, C, H, W] is put in front of "pixels"`,
    ]);
  });

  it('with a fixed batch that can not be freed takes as many images at a time', async () => {
    const g = foreign({ batch: 2, ending: (h, z) => h.op('Add', [z, h.constant(tensor('float32', [2, 1], [0, 0]))]) });
    const path = await write('stuck.onnx', g);
    expectClose(await logitsOf(path), expectedLogits());
    const { notes, close } = await openFrozenTeacher({ model: path }, run);
    await close();
    expect(notes).toEqual([expect.stringMatching(/stuck\.onnx: it takes 2 images at a time, which is slow \(Add /)]);
  });

  it('has its scores in the value that is named, an output or not', async () => {
    const graph = foreign({ ending: (g, z) => g.op('Sigmoid', [z]) });
    const logits = graph.nodes.at(-2)?.output() as Value;
    graph.output('features', graph.nodes[0]?.output() as Value);
    const path = await write('named.onnx', graph);
    expectClose(await logitsOf(path, run, images, logits.name), expectedLogits());
    await expect(logitsOf(path, run, images, 'scores')).rejects.toThrow('its output "scores": expected logits');
    await expect(logitsOf(path, run, images, 'score')).rejects.toThrow(
      `${path}: it has no output "score". Did you mean "scores"? (--teacher-output)`,
    );
  });

  it.skipIf(teachers.absent)('teaches alike in all spellings, but for a Sigmoid', async () => {
    const colour = {
      ...preprocessing,
      channels: 3,
      mean: [0.4, 0.4, 0.4],
      std: [0.2, 0.2, 0.2],
      height: 32,
      width: 32,
    } as const;
    const options = { ...run, classes: ['ants', 'bees'], preprocessing: colour };
    const input = tensor('float32', [IMAGES, 3, 32, 32], randomNumbers('colour', IMAGES * 3 * 32 * 32));
    const [first, ...others] = await Promise.all(
      ['logits', 'softmax', 'softmax-identity', 'nhwc'].map((name) =>
        logitsOf(join(teachers.path, `${name}.onnx`), options, input),
      ),
    );
    for (const each of others) expect(probabilitiesIn(each)).toEqual(probabilitiesIn(first as Tensor));
    const sigmoid = join(teachers.path, 'sigmoid.onnx');
    await expect(logitsOf(sigmoid, options, input)).rejects.toThrow('as a Sigmoid gives');
    expect((await logitsOf(sigmoid, { ...options, task: 'multi-label' }, input)).dims).toEqual([IMAGES, 2]);
  });

  it('has its logits by name among several outputs', async () => {
    const graph = foreign({ output: 'logits' });
    graph.output('features', graph.nodes[0]?.output() as Value);
    expectClose(await logitsOf(await write('two.onnx', graph)), expectedLogits());
  });

  it('without one float32 input of images is refused', async () => {
    const flat = new Graph('flat');
    flat.output('logits', flat.op('Identity', [flat.input('x', 'float32', ['N', 4])]));
    const path = await write('flat.onnx', flat);
    await expect(logitsOf(path)).rejects.toThrow(
      `${path}: its inputs: expected one, float32 images [N, C, H, W], got "x" [N, 4]`,
    );
    const graph = foreign({});
    graph.output('more', graph.op('Identity', [graph.input('mask', 'float32', ['N'])]));
    const masked = await write('masked.onnx', graph);
    await expect(logitsOf(masked)).rejects.toThrow(/masked\.onnx: its inputs: .*"pixels" .*, "mask" \[N\]$/);
  });

  it('whose logits can not be told from other outputs is refused', async () => {
    const graph = foreign({});
    graph.output('features', graph.nodes[0]?.output() as Value);
    const path = await write('outputs.onnx', graph);
    await expect(logitsOf(path)).rejects.toThrow(
      `${path}: its outputs: expected one, or one called "logits", got "scores", "features". Name the one with a number for each class: --teacher-output NAME`,
    );
  });

  it('that gives something else than a row of logits an image is refused', async () => {
    const path = await write('flattened.onnx', foreign({ ending: (g, y) => g.op('Flatten', [y], { axis: 0 }) }));
    await expect(logitsOf(path)).rejects.toThrow(
      `${path}: the frozen teacher's logits for 2 images: expected float32 [2, 4], got float32 [1, 8]`,
    );
  });

  it('that ONNX Runtime refuses, that is no model, or that is not there is an error that names the file', async () => {
    const graph = foreign({});
    const model = toModel(graph);
    const nodes = model.graph.node.map((node) => ({
      ...node,
      opType: node.opType === 'MatMul' ? 'Unheard' : node.opType,
    }));
    const unknown = join(root, 'unknown.onnx');
    await writeModelFile(unknown, { ...model, graph: { ...model.graph, node: nodes } });
    await expect(logitsOf(unknown)).rejects.toThrow(
      `${unknown}: it can't be the frozen teacher: session: ONNX Runtime`,
    );
    const text = join(root, 'text.onnx');
    await writeFile(text, 'no model');
    await expect(logitsOf(text)).rejects.toThrow(text);
    const missing = join(root, 'missing');
    await expect(logitsOf(missing)).rejects.toThrow(
      `${missing}: the frozen teacher can't be read: ENOENT: no such file or directory`,
    );
    await expect(logitsOf(missing)).rejects.toThrow(/Name the folder of a run, or an ONNX model$/);
    await expect(logitsOf(root)).rejects.toThrow(`${runPaths(root).best}: there is no such checkpoint`);
  });
});
