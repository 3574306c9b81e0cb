import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateModel } from '../../src/evaluate/evaluate-model.js';
import { openImageClassifier, type PredictOptions } from '../../src/evaluate/image-classifier.js';
import type { ImageInput } from '../../src/evaluate/image-inputs.js';
import { predictImages } from '../../src/evaluate/predict.js';
import { writeModelFile } from '../../src/onnx/file.js';
import { brightest, chancesOfColour, IMAGENET, TF } from '../support/brightest.js';

const NAMES = ['red', 'green', 'blue'];
const COLOURS = { red: [180, 90, 60], green: [40, 120, 90], blue: [100, 110, 140] } as const;
type Colour = keyof typeof COLOURS;

let root: string;
const at = (name: string) => join(root, name);

async function picture(colour: Colour): Promise<Buffer> {
  const [r, g, b] = COLOURS[colour];
  return sharp({ create: { width: 11, height: 13, channels: 3, background: { r, g, b } } })
    .png()
    .toBuffer();
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-any-'));
  await writeFile(at('names.txt'), NAMES.join('\n'));
  await writeFile(at('names.json'), JSON.stringify({ 0: 'R', 1: 'G', 2: 'B' }));
  await writeFile(at('preprocessor_config'), JSON.stringify({ image_mean: TF.mean, image_std: IMAGENET.std }));
  await writeModelFile(at('plain.onnx'), brightest());
  await writeModelFile(at('odd.onnx'), brightest({ batch: 2, layout: 'NHWC', activation: 'Softmax' }));
  await writeModelFile(at('many.onnx'), brightest({ activation: 'Sigmoid' }));
  for (const [i, colour] of (['red', 'red', 'green', 'blue'] as const).entries()) {
    await mkdir(at(`set/${colour}`), { recursive: true });
    await writeFile(at(`set/${colour}/${i}.png`), await picture(colour));
  }
  // A green one that is called red
  await writeFile(at('set/red/9.png'), await picture('green'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const GIVEN = (): PredictOptions => ({ labels: at('names.txt'), preprocessing: 'imagenet', top: 3 });

async function chances(model: string, inputs: readonly ImageInput[], options: PredictOptions): Promise<number[][]> {
  const results = await predictImages(at(model), inputs, options);
  return results.map((result) => {
    if ('error' in result) throw new Error(result.error);
    const by = new Map(result.predictions.map(({ label, probability }) => [label, probability]));
    return NAMES.map((name) => by.get(name) ?? Number.NaN);
  });
}

const close = (numbers: readonly number[]) => numbers.map((each) => expect.closeTo(each, 5));

describe('a model that says nothing of itself', () => {
  it.each(['plain.onnx', 'odd.onnx'])('%s: names and preparation are given', async (model) => {
    const files = (Object.keys(COLOURS) as Colour[]).map(async (name) => ({ name, bytes: await picture(name) }));
    const inputs = await Promise.all(files);
    for (const [preprocessing, normalisation] of [
      ['imagenet', IMAGENET],
      ['tf', TF],
      [at('preprocessor_config'), { mean: TF.mean, std: IMAGENET.std }],
    ] as const) {
      const got = await chances(model, inputs, { ...GIVEN(), preprocessing });
      expect(got).toEqual(Object.values(COLOURS).map((colour) => close(chancesOfColour(colour, normalisation))));
    }
  });

  it('may be of images with any number of classes', async () => {
    const inputs = [{ name: 'x', bytes: await picture('green') }];
    const options = { ...GIVEN(), task: 'multi-label' } as const;
    const expected = chancesOfColour(COLOURS.green, IMAGENET, 'multi-label');
    expect(await chances('many.onnx', inputs, options)).toEqual([close(expected)]);
    await expect(chances('many.onnx', inputs, GIVEN())).rejects.toThrow('as a Sigmoid gives');
  });

  it('has as many names as scores', async () => {
    await writeFile(at('four.txt'), 'background\nred\ngreen\nblue\n');
    const inputs = [at('set')];
    await expect(chances('plain.onnx', inputs, { ...GIVEN(), labels: at('four.txt') })).rejects.toThrow(
      `four.txt: its class names: expected 3, one for each score of ${at('plain.onnx')}, got 4. The first name may be`,
    );
  });

  it('says what is missing', async () => {
    const named = { labels: at('names.txt') };
    await expect(chances('plain.onnx', [at('set')], named)).rejects.toThrow(
      `${at('plain.onnx')}: nothing says how its images are prepared (--preprocessing imagenet, tf or FILE): neither`,
    );
    await expect(chances('plain.onnx', [at('set')], { preprocessing: 'tf' })).rejects.toThrow(
      'nothing says its class names (--labels FILE): neither',
    );
  });

  it('is told from one that says it, with a note', async () => {
    const model = brightest();
    const metadataProps = [{ key: 'names', value: "{0: 'a', 1: 'b', 2: 'c'}" }];
    await writeModelFile(at('named.onnx'), { ...model, metadataProps });
    const notes: string[] = [];
    const options = { ...GIVEN(), labels: at('names.json'), onNote: (note: string) => notes.push(note) };
    const [result] = await predictImages(at('named.onnx'), [at('set/blue')], options);
    expect(result && 'predictions' in result && result.predictions[0]?.label).toBe('B');
    expect(notes).toEqual([`${at('named.onnx')}: its class names are those of ${at('names.json')}, and not its own`]);
  });
});

describe('an open classifier', () => {
  it('gives results batch by batch, in order, failures among them, again and again', async () => {
    const classifier = await openImageClassifier(at('plain.onnx'), { ...GIVEN(), batchSize: 2, top: 1 });
    try {
      expect([classifier.classes, classifier.most, classifier.task]).toEqual([NAMES, 1, 'single-label']);
      let asked = 0;
      const files = ['red/0.png', 'none.png', 'green/2.png', ...Array<string>(40).fill('blue/3.png')];
      function* inputs() {
        for (const file of files) {
          asked++;
          yield at(`set/${file}`);
        }
      }
      const named: string[] = [];
      for await (const result of classifier.predict(inputs())) {
        named.push('error' in result ? 'error' : (result.predictions[0]?.label ?? ''));
        if (named.length === 4) break;
      }
      expect(named).toEqual(['red', 'error', 'green', 'blue']);
      // Two batches and those that are read ahead
      expect(asked).toBeLessThan(16);
      const again: string[] = [];
      for await (const { file } of classifier.predict([at('set/red'), { name: 'bytes', bytes: new Uint8Array(3) }]))
        again.push(file);
      expect(again).toEqual([at('set/red/0.png'), at('set/red/1.png'), at('set/red/9.png'), 'bytes']);
    } finally {
      await classifier.close();
    }
  });

  it('calls bytes by their name', async () => {
    const [result] = await predictImages(at('plain.onnx'), [{ name: '-', bytes: new Uint8Array() }], GIVEN());
    expect(result).toEqual({ file: '-', error: "-: can't be read: the file is empty" });
  });
});

describe('an evaluation of any model', () => {
  it('has details that are counted from its answers', async () => {
    const { evaluation, details, images } = await evaluateModel(at('plain.onnx'), {
      ...GIVEN(),
      data: at('set'),
      details: true,
    });
    expect([images, evaluation.accuracy]).toEqual([5, 0.8]);
    const own = details?.networks[0];
    expect(details?.classes).toEqual(NAMES);
    expect(own?.confusion).toEqual([
      [0, 0, 2],
      [0, 1, 1],
      [1, 1, 1],
      [2, 2, 1],
    ]);
    expect(own?.perClass).toEqual([
      { support: 3, precision: 1, recall: 2 / 3, f1: expect.closeTo(0.8, 12) },
      { support: 1, precision: 0.5, recall: 1, f1: expect.closeTo(2 / 3, 12) },
      { support: 1, precision: 1, recall: 1, f1: 1 },
    ]);
    expect(own?.calibration.ece).toBeCloseTo(evaluation.ece ?? Number.NaN, 6);
    const losses = (['red', 'red', 'green', 'blue', 'wrong'] as const).map((colour) => {
      const chance = chancesOfColour(COLOURS[colour === 'wrong' ? 'green' : colour], IMAGENET);
      return -Math.log(chance[colour === 'wrong' ? 0 : NAMES.indexOf(colour)] as number);
    });
    expect(evaluation.loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 5, 5);
  });
});
