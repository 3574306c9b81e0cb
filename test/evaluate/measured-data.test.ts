import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { SPLIT_NAMES } from '../../src/data/dataset/dataset.js';
import { pixelsAt } from '../../src/data/dataset/packed-images.js';
import { openDataset } from '../../src/data/formats/open.js';
import { evaluateModel } from '../../src/evaluate/evaluate-model.js';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { predictImages } from '../../src/evaluate/predict.js';
import { runPaths } from '../../src/store/run-folder.js';
import { writeTree } from '../data/helpers.js';
import { type Colour, picture, pictureRun } from '../export/picture-run.js';
import { runHere, smallData, smallSettings, temporaryFolder } from '../run/runs.js';

const run = pictureRun();
const winner = () => runPaths(run.ran.folder).winner;
const winnerOf = ({ results, winner: index = 0 }: Awaited<ReturnType<typeof evaluateRun>>) =>
  results[index]?.evaluation;

/** A folder of pictures: `3 x blue` as `{ blue: 3 }`, below folders as `{ 'test/blue': 3 }`; called as what they are of. */
async function pictures(counts: Readonly<Record<string, number>>, colourOf = (name: string) => name): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, count] of Object.entries(counts)) {
    const colour = colourOf(name.split('/').at(-1) as string) as Colour;
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) await writeFile(join(folder, name, `${i}.png`), await picture(colour, 500 + i));
  }
  return folder;
}

const measure = (data: string, split?: (typeof SPLIT_NAMES)[number]) =>
  evaluateRun(run.ran.folder, { checkpoint: 'best', data, ...(split && { split }) });

/** Of images whose class is their folder's, by predicting each. */
async function accuracyByPredictions(folder: string): Promise<number> {
  const results = await predictImages(winner(), [folder], { top: 1 });
  const right = results.filter(
    (each) => 'predictions' in each && each.file.includes(`/${each.predictions[0]?.label}/`),
  );
  return right.length / results.length;
}

describe('other images', () => {
  it('all count, by the names of their classes', async () => {
    const data = await pictures({ yellow: 12, blue: 3, red: 5 });
    const result = await measure(data);
    expect([result.split, result.images, result.warnings]).toEqual(['all', 20, []]);
    expect(winnerOf(result)?.accuracy).toBeCloseTo(await accuracyByPredictions(data), 10);
    expect(winnerOf(result)?.accuracy).toBeGreaterThan(0.5);
  });

  it('may lack classes, which is said, down to one class', async () => {
    const two = await measure(await pictures({ yellow: 4, red: 4 }));
    expect([two.images, two.warnings]).toEqual([8, [expect.stringMatching(/: there are no images of blue$/)]]);
    const data = await pictures({ yellow: 7 });
    const one = await measure(data);
    expect([one.images, one.warnings]).toEqual([7, [`${data}: there are no images of blue, red`]]);
    expect(winnerOf(one)?.accuracy).toBeCloseTo(await accuracyByPredictions(data), 10);
    expect(winnerOf(one)?.accuracy).toBeGreaterThan(0.5);
  });

  it('may have empty class folders, also of classes that are not known', async () => {
    const result = await measure(await pictures({ yellow: 2, red: 0, blue: 1, zebra: 0 }));
    expect([result.images, result.warnings]).toEqual([3, [expect.stringMatching(/: there are no images of red$/)]]);
  });

  it('of classes that are not known are refused by name', async () => {
    const data = await pictures({ yellow: 1, zebra: 1, Blue: 1 }, (name) => (name === 'yellow' ? name : 'red'));
    await expect(measure(data)).rejects.toThrow(
      `${data}: classes that the network was not trained on: expected only blue, red, yellow, got Blue, zebra. Only the case of "Blue" differs from "blue": rename it`,
    );
    const other = await pictures({ yellow: 1, yak: 1 }, () => 'red');
    await expect(measure(other)).rejects.toThrow('got yak. Rename them as it calls them, or leave them out');
  });

  it('may be a test split alone, or several splits, of which one may be asked for', async () => {
    const only = await pictures({ 'test/blue': 3, 'test/red': 2 });
    expect((await measure(only)).images).toBe(5);
    expect((await measure(only, 'test')).images).toBe(5);
    await expect(measure(only, 'validation')).rejects.toThrow(`${only}: there is no validation split. Leave --split`);
    const all = await pictures({ 'train/blue': 4, 'train/red': 4, 'val/yellow': 2, 'test/blue': 3, 'test/yellow': 0 });
    const result = await measure(all);
    expect([result.split, result.images]).toEqual(['all', 13]);
    expect(result.warnings).toEqual([`${all}: all its splits are measured: train 8, validation 2, test 3 images`]);
    const counts = await Promise.all(SPLIT_NAMES.map(async (split) => (await measure(all, split)).images));
    expect(counts).toEqual([8, 2, 3]);
  });

  it('of a flat folder have no validation split held out of them', async () => {
    const data = await pictures({ blue: 10, red: 10 });
    expect((await measure(data, 'train')).images).toBe(20);
    await expect(measure(data, 'validation')).rejects.toThrow('there is no validation split');
  });

  it('that can not be read are left out, which is said', async () => {
    const data = await pictures({ blue: 2, red: 2 });
    await writeTree(data, { 'red/broken.png': 'no picture' });
    const { images, warnings } = await measure(data);
    expect(images).toBe(4);
    expect(warnings.at(-1)).toContain(`skipped ${join(data, 'red', 'broken.png')}: `);
    await rm(join(data, 'red'), { recursive: true });
    await writeTree(data, { 'red/broken.png': 'no picture' });
    expect((await measure(data)).images).toBe(2);
  });

  it('that are its own count all as well, which is said; its held-out ones by their split', async () => {
    const own = join(run.root, 'pictures');
    const all = await measure(own);
    expect([all.split, all.images]).toEqual(['all', 84]);
    expect(all.warnings[0]).toBe(
      `${own}: these are the images that it was trained on; --split test or validation measures others`,
    );
    expect(await measure(own, 'test')).toEqual(await evaluateRun(run.ran.folder, { checkpoint: 'best' }));
  });

  it('must be there', async () => {
    await expect(measure(await temporaryFolder())).rejects.toThrow('the folder is empty');
    await expect(measure(await pictures({ blue: 0 }))).rejects.toThrow('no data set was found');
    await expect(measure(await pictures({ 'test/blue': 0 }))).rejects.toThrow('there is no image in the class folders');
  });
});

/** The images of a set of IDX files as PNG files in class folders. */
async function asFiles(idx: string): Promise<string> {
  const { train, classes } = await openDataset(idx);
  const folder = await temporaryFolder();
  if (train.source.kind !== 'packed') throw new Error('no packed images');
  for (const [i, label] of train.labels.entries()) {
    const { data, height, width } = pixelsAt(train.source, i);
    await mkdir(join(folder, String(classes[label])), { recursive: true });
    const png = sharp(Uint8Array.from(data), { raw: { height, width, channels: 1 } }).png();
    await png.toFile(join(folder, String(classes[label]), `${String(i).padStart(3, '0')}.png`));
  }
  return folder;
}

const evaluationsOf = ({ results, ensemble }: Awaited<ReturnType<typeof evaluateRun>>) => {
  const numbers = [...results.map(({ evaluation }) => evaluation), ensemble];
  return numbers.map((each) =>
    Object.values(each as Record<string, number>).map((value) => Number(value.toPrecision(5))),
  );
};

describe('images with other channels', () => {
  it('are converted as the same images in files are: grey for a coloured run, colour for a grey one', async () => {
    const idx = await smallData();
    const files = await asFiles(idx);
    for (const [data, channels] of [
      [files, 3],
      [idx, 1],
    ] as const) {
      const { folder } = await runHere(smallSettings(data, { epochs: 1, size: 8, augmentation: 'none' }));
      const [packed, single] = await Promise.all(
        [idx, files].map((each) => evaluateRun(folder, { checkpoint: 'last', data: each })),
      );
      expect(packed?.images, `${channels}`).toBe(64);
      expect(packed && evaluationsOf(packed), `${channels}`).toEqual(single && evaluationsOf(single));
    }
  });
});

describe('test files without training files', () => {
  it('of IDX and CIFAR are measured', async () => {
    const { folder } = await runHere(smallSettings(await smallData(), { epochs: 1 }));
    const idx = await smallData({ test: 'right' });
    for (const kind of ['images-idx3', 'labels-idx1']) await rm(join(idx, `train-${kind}-ubyte`));
    await expect(openDataset(idx)).rejects.toThrow('training images are missing');
    expect((await evaluateRun(folder, { checkpoint: 'best', data: idx })).images).toBe(24);
    const cifar = await temporaryFolder();
    await writeTree(cifar, { 'test_batch.bin': new Uint8Array(2 * 3073) });
    await expect(openDataset(cifar)).rejects.toThrow('training images of CIFAR are missing');
    await writeTree(cifar, { 'batches.meta.txt': '0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n' });
    const result = await evaluateRun(folder, { checkpoint: 'best', data: cifar });
    expect([result.images, result.warnings]).toEqual([
      2,
      [`${cifar}: there are no images of 1, 2, 3`, expect.stringMatching(/^all test images are nearly of one colour/)],
    ]);
  });
});

describe('an exported model', () => {
  it('is measured as its run: on the run’s data, and on others', async () => {
    const own = await evaluateRun(run.ran.folder, { checkpoint: 'best' });
    const model = await evaluateModel(winner(), {});
    expect([model.split, model.images, model.warnings]).toEqual(['test', 18, []]);
    expect(model.evaluation.loss).toBeCloseTo(winnerOf(own)?.loss ?? 0, 4);
    expect(model.evaluation.accuracy).toBe(winnerOf(own)?.accuracy);
    const data = await pictures({ red: 3, blue: 2 });
    const other = await evaluateModel(winner(), { data });
    expect([other.split, other.images]).toEqual(['all', 5]);
    expect(other.evaluation.loss).toBeCloseTo(winnerOf(await measure(data))?.loss ?? 0, 4);
    const validation = await evaluateModel(winner(), { split: 'validation' });
    expect(validation.images).toBe(18);
    const elsewhere = join(await temporaryFolder(), 'model.onnx');
    await copyFile(winner(), elsewhere);
    await expect(evaluateModel(elsewhere, {})).rejects.toThrow(/nothing says where these images are.*--data/);
    expect((await evaluateModel(elsewhere, { data })).images).toBe(5);
  });
});
