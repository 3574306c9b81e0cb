import { cp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Split } from '../../src/data/dataset/dataset.js';
import { pixelsAt } from '../../src/data/dataset/packed-images.js';
import { decodeImage } from '../../src/data/image/decode.js';
import { decodingFor, toTensor } from '../../src/data/image/preprocess.js';
import { prepareData, sameData, sameLayout, trainingLoader } from '../../src/train/data.js';
import { present } from '../../src/util/error.js';
import { imageFolder, swapFiles } from '../run/picture-data.js';
import { smallData, smallSettings, temporaryFolder } from '../run/runs.js';

/** Which stored images a split has. */
function rowsOf({ source }: Split): number[] {
  return source.kind === 'packed' ? [...source.rows] : [];
}

const FILES = ['a/1.png', 'a/2.png', 'a/3.png', 'b/1.png', 'b/2.png', 'b/3.png'];

describe('the data of a run', () => {
  it('hold validation images out of the training images, and none of the test images', async () => {
    const settings = smallSettings(await smallData({ test: 'right' }), { limit: 40 });
    const { train, validation, test } = (await prepareData(settings)).dataset;
    expect([train, validation, test].map((split) => split?.length)).toEqual([40, 16, 24]);
    const [learned, held] = [rowsOf(train), rowsOf(present(validation, 'held'))];
    expect(new Set([...learned, ...held]).size).toBe(56);
    expect(Math.max(...learned, ...held)).toBeLessThan(64);
    const bytes = (split: Split | undefined) => (split?.source.kind === 'packed' ? split.source.data : undefined);
    expect(bytes(validation)).toBe(bytes(train));
    expect(bytes(test)).not.toBe(bytes(train));
    for (const label of [0, 1, 2, 3])
      expect([...(validation?.labels ?? [])].filter((l) => l === label)).toHaveLength(4);
  });

  it('hold out the same images again for the same seed, others for another', async () => {
    const settings = smallSettings(await smallData());
    const held = async (seed: number) =>
      rowsOf(present((await prepareData({ ...settings, seed })).dataset.validation, 'held'));
    expect(await held(3)).toEqual(await held(3));
    expect(await held(3)).not.toEqual(await held(4));
  });

  it('take the statistics of what is trained on', async () => {
    const settings = smallSettings(await smallData());
    const { dataset, preprocessing } = await prepareData(settings);
    const { source } = dataset.train;
    if (source.kind !== 'packed') throw new Error('expected packed images');
    const pixels = rowsOf(dataset.train).flatMap((row) => [...source.data.subarray(row * 64, (row + 1) * 64)]);
    const mean = pixels.reduce((sum, value) => sum + value / 255, 0) / pixels.length;
    const variance = pixels.reduce((sum, value) => sum + (value / 255 - mean) ** 2, 0) / pixels.length;
    expect(preprocessing.mean[0]).toBeCloseTo(mean, 12);
    expect(preprocessing.std[0]).toBeCloseTo(Math.sqrt(variance), 12);
  });

  it.each([1, 3])('have %i channels on request: statistics and batches are of converted images', async (channels) => {
    const colour = channels === 1;
    const data = colour ? await imageFolder(FILES) : await smallData();
    const settings = smallSettings(data, { channels, size: 8, batchSize: 2, augmentation: 'none' });
    const run = await prepareData(settings);
    const { dataset, preprocessing } = run;
    expect([dataset.channels, preprocessing.channels, preprocessing.mean.length]).toEqual([
      channels,
      channels,
      channels,
    ]);
    if (!colour) expect(new Set(preprocessing.mean).size).toBe(1);
    const loader = trainingLoader(run, settings);
    for await (const { images, indices } of loader.epoch()) {
      const { source } = dataset.train;
      for (const [slot, i] of indices.entries()) {
        const image =
          source.kind === 'packed'
            ? pixelsAt(source, i)
            : await decodeImage(present(source.paths[i], 'its path'), 3, decodingFor(preprocessing));
        const plain = { ...preprocessing, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] } as const;
        const samples = toTensor(image, plain);
        const light = Array.from({ length: 64 }, (_, at) => {
          const sample = (c: number) => present(samples[c * 64 + at], 'a sample');
          return 0.299 * sample(0) + 0.587 * sample(1) + 0.114 * sample(2);
        });
        for (let c = 0; c < channels; c++) {
          const [mean, std] = [present(preprocessing.mean[c], 'mean'), present(preprocessing.std[c], 'std')];
          const got = images.subarray((slot * channels + c) * 64, (slot * channels + c + 1) * 64);
          // Up to two grey levels: photographs are scaled after the conversion
          light.forEach((value, at) => {
            expect(Math.abs((got[at] as number) - (value - mean) / std)).toBeLessThan(2 / 255 / std);
          });
        }
      }
      break;
    }
    await loader.close();
  });

  it('use the validation split that a folder has', async () => {
    const folder = await imageFolder([...FILES.map((file) => `train/${file}`), 'val/a/9.png', 'val/b/9.png']);
    const { dataset } = await prepareData(smallSettings(folder, { size: 8 }));
    expect([dataset.train.length, dataset.validation?.length, dataset.test]).toEqual([6, 2, undefined]);
  });

  it('hold nothing out where the settings say so, but use the split that a folder has', async () => {
    const settings = smallSettings(await smallData({ test: 'right' }), { validation: 0 });
    const { dataset } = await prepareData(settings);
    expect([dataset.train.length, dataset.validation, dataset.test?.length]).toEqual([64, undefined, 24]);
    const folder = await imageFolder([...FILES.map((file) => `train/${file}`), 'val/a/9.png', 'val/b/9.png']);
    const own = await prepareData(smallSettings(folder, { size: 8, validation: 0 }));
    expect([own.dataset.train.length, own.dataset.validation?.length]).toEqual([6, 2]);
  });

  it('tell of each file that is checked, and of each that the statistics are taken of', async () => {
    const folder = await imageFolder([...FILES.map((file) => `train/${file}`), 'val/a/9.png', 'val/b/9.png']);
    let read = 0;
    await prepareData(smallSettings(folder, { size: 8 }), () => read++);
    expect(read).toBe(8 + 6);
    const failing = prepareData(smallSettings(folder, { size: 8 }), () => {
      if (++read > 14 + 8 + 3) throw new Error('enough');
    });
    await expect(failing).rejects.toThrow('enough');
  });

  it('have a fingerprint of their images, wherever they are', async () => {
    const folder = await imageFolder(FILES);
    const fingerprint = async (data: string) => (await prepareData(smallSettings(data, { size: 8 }))).fingerprint;
    const original = await fingerprint(folder);
    const copy = join(await temporaryFolder(), 'elsewhere');
    await cp(folder, copy, { recursive: true });
    expect(await fingerprint(copy)).toBe(original);
    await rename(join(copy, 'a/1.png'), join(copy, 'a/4.png'));
    const renamed = await fingerprint(copy);
    await rename(join(copy, 'a/4.png'), join(copy, 'b/4.png'));
    expect(new Set([original, renamed, await fingerprint(copy)]).size).toBe(3);
  });

  it('have another fingerprint where content has changed, of the same names and classes', async () => {
    const folder = await imageFolder(FILES);
    const fingerprint = async () => (await prepareData(smallSettings(folder, { size: 8 }))).fingerprint;
    const original = await fingerprint();
    const bytes = await readFile(join(folder, 'a/1.png'));
    // Behind the image's end, so that all pixels stay
    await writeFile(join(folder, 'a/1.png'), Buffer.concat([bytes, Buffer.from([0])]));
    const replaced = await fingerprint();
    await writeFile(join(folder, 'a/1.png'), bytes);
    expect(await fingerprint()).toBe(original);
    await swapFiles(folder, 'a/1.png', 'b/1.png');
    const swapped = await fingerprint();
    expect(new Set([original, replaced, swapped]).size).toBe(3);
    expect([replaced, swapped].map((other) => sameLayout(original, other))).toEqual([true, true]);
  });

  it('have another one where packed images or their labels have changed', async () => {
    const folder = await smallData({ test: 'right' });
    const change = async (file: string, at: number) => {
      const bytes = await readFile(join(folder, file));
      await writeFile(join(folder, file), bytes.fill((bytes[at] as number) ^ 1, at, at + 1));
      return (await prepareData(smallSettings(folder))).fingerprint;
    };
    const original = (await prepareData(smallSettings(folder))).fingerprint;
    const files = ['train-images-idx3-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'];
    const changed = new Set([original]);
    for (const file of files) changed.add(await change(file, 20));
    expect(changed.size).toBe(4);
    // To and fro
    for (const file of files) await change(file, 20);
    expect((await prepareData(smallSettings(folder))).fingerprint).toBe(original);
  });

  it('are those of a fingerprint that an older version wrote, by names and classes alone', async () => {
    const folder = await imageFolder(FILES);
    const data = await prepareData(smallSettings(folder, { size: 8 }));
    const older = data.fingerprint.slice(0, 16);
    await writeFile(join(folder, 'a/1.png'), await readFile(join(folder, 'a/2.png')));
    const replaced = await prepareData(smallSettings(folder, { size: 8 }));
    expect([sameData(older, replaced), sameData(data.fingerprint, replaced)]).toEqual([true, false]);
    await rename(join(folder, 'a/1.png'), join(folder, 'b/4.png'));
    expect(sameData(older, await prepareData(smallSettings(folder, { size: 8 })))).toBe(false);
  });
});
