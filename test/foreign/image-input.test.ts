import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { Pixels } from '../../src/data/dataset/dataset.js';
import { decodeImage } from '../../src/data/image/decode.js';
import { type Preprocessing, toTensor } from '../../src/data/image/preprocess.js';
import { hasImageInput, withImageInput, withoutImageInput } from '../../src/foreign/image-input.js';
import { Graph } from '../../src/graph/graph.js';
import { inOperatorSet } from '../../src/graph/operator-sets.js';
import { toModel } from '../../src/graph/to-model.js';
import { encodeModel } from '../../src/onnx/file.js';
import type { ModelProto, NodeProto } from '../../src/onnx/model.js';
import { stream } from '../../src/util/random.js';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));

/** A network whose logits are its input, flattened. */
function seeing({ channels, height, width }: Preprocessing) {
  const graph = new Graph('seeing');
  const images = graph.input('images', 'float32', ['N', channels, height, width]);
  graph.output('logits', graph.op('Flatten', [images], { axis: 1 }));
  return toModel(graph);
}

const PREPROCESSING: Preprocessing = {
  channels: 3,
  height: 48,
  width: 64,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  resize: { height: 55, width: 73 },
};
const GREY: Preprocessing = { ...PREPROCESSING, channels: 1, mean: [0.4], std: [0.2] };

function noise(height: number, width: number): Pixels {
  const random = stream(1, 'noise', height, width);
  // Waves and noise: both smooth parts and edges
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    return Math.max(0, Math.min(255, 128 + 90 * Math.sin(i / 41) + 60 * random.normal()));
  });
  return { data, height, width, channels: 3 };
}

async function seen(preprocessing: Preprocessing, images: readonly Pixels[]): Promise<Float32Array> {
  return (await outputs(withImageInput(seeing(preprocessing), preprocessing), images)).logits;
}

async function outputs(given: ModelProto, images: readonly Pixels[]) {
  const model = inOperatorSet(given, 'test');
  expect(model.opsetImport).toEqual([{ domain: '', version: 18 }]);
  const session = await ort.InferenceSession.create(encodeModel(model), { intraOpNumThreads: 1 });
  const [{ height, width }] = images as [Pixels];
  const bytes = Uint8Array.from(images.flatMap(({ data }) => Array.from(data)));
  const image = new ort.Tensor('uint8', bytes, [images.length, height, width, 3]);
  const { logits, probabilities } = await session.run({ image });
  await session.release();
  return { logits: logits?.data as Float32Array, probabilities: probabilities?.data as Float32Array };
}

interface PillowFixture {
  readonly resize: [number, number];
  readonly size: [number, number];
  readonly cases: readonly { height: number; width: number; colour: string; grey: string }[];
}

/** The image that the fixture's generator makes. */
function formulaImage({ height, width }: { height: number; width: number }): Pixels {
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
    return (4 * x + 2 * y + 40 * c + ((x * x + 3 * y * y + 11 * x * y * (c + 1)) % 61)) % 256;
  });
  return { data, height, width, channels: 3 };
}

/** The largest and the mean difference, in steps of 8-bit samples. */
function difference(got: Float32Array, expected: Float32Array, { std, height, width }: Preprocessing) {
  expect(got).toHaveLength(expected.length);
  const stepOf = (i: number) => 1 / (255 * (std[Math.floor(i / (height * width)) % std.length] ?? Number.NaN));
  const steps = Array.from(got, (value, i) => Math.abs(value - (expected[i] ?? Number.NaN)) / stepOf(i));
  const sums = steps.reduce(({ largest, sum }, step) => ({ largest: Math.max(largest, step), sum: sum + step }), {
    largest: 0,
    sum: 0,
  });
  return { largest: sums.largest, mean: sums.sum / steps.length };
}

const SIZES = [
  [48, 64],
  [55, 73],
  [200, 301],
  [61, 640],
  [640, 61],
  [31, 17],
  [1, 1],
  [3, 500],
  [73, 55],
  [97, 98],
  [333, 222],
] as const;

describe('an input of images', () => {
  it.each(SIZES)('of %i x %i pixels becomes what Agon makes of them, to a step of 8-bit samples', async (h, w) => {
    for (const preprocessing of [PREPROCESSING, GREY]) {
      const images = [noise(h, w), { ...noise(h, w), data: noise(h, w).data.toReversed() }];
      const expected = images.flatMap((image) => Array.from(toTensor(grey(image, preprocessing), preprocessing)));
      const { largest, mean } = difference(
        await seen(preprocessing, images),
        Float32Array.from(expected),
        preprocessing,
      );
      expect(largest).toBeLessThan(1.001);
      expect(mean).toBeLessThan(0.02);
    }
  });

  it('becomes it on photographs of odd sizes', async ({ skip }) => {
    const folder = join(SHARED, 'data/images/ants_and_bees/val/ants');
    if (!existsSync(folder)) return skip('shared data are not here');
    for (const name of readdirSync(folder).slice(0, 6)) {
      const image = await decodeImage(join(folder, name));
      const preprocessing = { ...PREPROCESSING, height: 224, width: 224, resize: { height: 256, width: 256 } };
      const { largest, mean } = difference(
        await seen(preprocessing, [image]),
        toTensor(image, preprocessing),
        preprocessing,
      );
      expect(largest).toBeLessThan(1.001);
      expect(mean).toBeLessThan(0.02);
    }
  });

  it('becomes what Pillow makes of it', async () => {
    const path = join(import.meta.dirname, '../fixtures/pillow/prepared.json');
    const { resize, size, cases } = JSON.parse(await readFile(path, 'utf8')) as PillowFixture;
    const [height, width] = size;
    const common = { height, width, resize: { height: resize[0], width: resize[1] } };
    for (const channels of [3, 1] as const) {
      const plain = { channels, mean: Array(channels).fill(0), std: Array(channels).fill(1), ...common };
      for (const { colour, grey: luma, ...own } of cases) {
        const got = await seen(plain, [formulaImage(own)]);
        const bytes = Buffer.from(channels === 3 ? colour : luma, 'base64');
        const planes = Float32Array.from(got, (_, i) => {
          const [c, at] = [Math.floor(i / (height * width)), i % (height * width)];
          return (bytes[at * channels + c] ?? Number.NaN) / 255;
        });
        const { largest, mean } = difference(got, planes, plain);
        expect(largest).toBeLessThan(1.001);
        expect(mean).toBeLessThan(0.02);
      }
    }
  });

  it('gives probabilities of logits that a temperature divides, while these stay as they are', async () => {
    const pixel = { ...GREY, height: 1, width: 3, resize: { height: 1, width: 3 }, mean: [0], std: [1] };
    const values = [0, 51, 255];
    const image: Pixels = { data: Uint8Array.from(values.flatMap((v) => [v, v, v])), height: 1, width: 3, channels: 3 };
    const shares = (powers: number[]) => powers.map((p) => p / powers.reduce((a, b) => a + b));
    const soft = (t: number) => shares([0, 0.2, 1].map((z) => Math.exp(z / t)));
    const sigmoid = (t: number) => [0, 0.2, 1].map((z) => 1 / (1 + Math.exp(-z / t)));
    for (const [probabilities, expected] of [
      [{ activation: 'Softmax' }, soft(1)],
      [{ activation: 'Softmax', temperature: 0.25 }, soft(0.25)],
      [{ activation: 'Sigmoid', temperature: 2 }, sigmoid(2)],
    ] as const) {
      const results = await outputs(withImageInput(seeing(pixel), pixel, probabilities), [image]);
      expect(Array.from(results.logits, (z) => Math.round(z * 1e5) / 1e5)).toEqual([0, 0.2, 1]);
      for (const [i, p] of expected.entries()) expect(results.probabilities[i]).toBeCloseTo(p, 5);
    }
  });

  it('is added to a network whose values have its names', async () => {
    const graph = new Graph('named');
    const images = graph.input('images', 'float32', ['N', 3, 48, 64]);
    graph.output('logits', graph.op('Flatten', [images], { axis: 1 }));
    const { graph: own, ...rest } = toModel(graph);
    const [flatten] = own.node as [NodeProto];
    const node = ['image', 'probabilities', 'logits'].map((name, i) => {
      return { ...flatten, name, input: [['images', 'image', 'probabilities'][i] ?? ''], output: [name] };
    });
    const named = { ...rest, graph: { ...own, node } };
    const image = noise(48, 64);
    const results = await outputs(withImageInput(named, PREPROCESSING), [image]);
    expect(results.logits).toEqual(
      (await outputs(withImageInput(seeing(PREPROCESSING), PREPROCESSING), [image])).logits,
    );
    expect(withoutImageInput(withImageInput(named, PREPROCESSING)).graph.node).toHaveLength(3);
  });

  it('can be taken off again', () => {
    const model = seeing(PREPROCESSING);
    const withInput = withImageInput(model, PREPROCESSING);
    expect([hasImageInput(model), hasImageInput(withInput)]).toEqual([false, true]);
    expect(withoutImageInput(model)).toBe(model);
    expect(withoutImageInput(withInput)).toEqual(model);
  });
});

function grey(image: Pixels, { channels }: Preprocessing): Pixels {
  if (channels === 3) return image;
  const data = Uint8Array.from({ length: image.height * image.width }, (_, i) => {
    const [r, g, b] = [0, 1, 2].map((c) => image.data[3 * i + c] ?? Number.NaN) as [number, number, number];
    return Math.floor((r * 19_595 + g * 38_470 + b * 7471) / 65_536 + 0.5);
  });
  return { ...image, data, channels: 1 };
}
