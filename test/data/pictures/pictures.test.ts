import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createLoader } from '../../../src/data/batch/open-loader.js';
import { imageName } from '../../../src/data/dataset/image-name.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { normalisationTable, preprocessingFor, writeNormalised } from '../../../src/data/image/preprocess.js';
import { heatMapOf } from '../../../src/data/pictures/heat-map.js';
import { imageAsSeen } from '../../../src/data/pictures/image-as-seen.js';
import { thumbnailOf } from '../../../src/data/pictures/thumbnail.js';
import { png, randomPixels, temporaryFolder, writeTree } from '../helpers.js';

const bytesOf = (address: string) => Buffer.from(address.split(',')[1] ?? '', 'base64');

/** A folder of images, one of which has a name that a page must not take for markup. */
async function photographs() {
  const folder = join(await temporaryFolder(), 'photos');
  const names = ['a/1.png', 'a/<b onload="x">&\u202e.png', 'b/3.png', 'b/4.png'];
  const images = await Promise.all(names.map(async (name, i) => [name, await png(30 + 9 * i, 40 - 5 * i, i)] as const));
  await writeTree(folder, Object.fromEntries(images));
  return { dataset: await openDataset(folder), names };
}

describe('an image as a network sees it', () => {
  it('is what the loader makes of it, but for the normalisation', async () => {
    const { dataset } = await photographs();
    const preprocessing = preprocessingFor(
      dataset,
      { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] },
      { height: 12, width: 16 },
    );
    const loader = createLoader({ split: dataset.train, preprocessing, batchSize: 4 });
    for await (const { images } of loader.epoch()) {
      const own = new Float32Array(images.length);
      for (let i = 0; i < 4; i++) {
        const pixels = await imageAsSeen(dataset.train.source, i, preprocessing);
        expect([pixels.height, pixels.width]).toEqual([12, 16]);
        writeNormalised(pixels, normalisationTable(preprocessing), own, (i * images.length) / 4);
      }
      expect(own).toEqual(images);
    }
    await loader.close();
  });
});

describe('the name of an image', () => {
  it('is its path beneath the data set', async () => {
    const { dataset, names } = await photographs();
    const { train } = dataset;
    expect(new Set(names.map((_, i) => imageName(dataset, 'train', train, i)))).toEqual(new Set(names));
  });

  it('is its number in the file that it is packed in, whatever was held out', () => {
    const split = (data: Uint8Array<SharedArrayBuffer>, rows: number[]) => ({
      length: rows.length,
      labels: new Int32Array(rows.length),
      source: { kind: 'packed' as const, data, height: 1, width: 1, channels: 1, rows: Uint32Array.from(rows) },
    });
    const [one, other] = [new Uint8Array(new SharedArrayBuffer(9)), new Uint8Array(new SharedArrayBuffer(9))];
    const dataset = { name: 'x', train: split(one, [0, 2, 5]) };
    expect(imageName(dataset, 'train', dataset.train, 1)).toBe('train #2');
    expect(imageName(dataset, 'validation', split(one, [1, 7]), 1)).toBe('train #7');
    expect(imageName(dataset, 'test', split(other, [3, 4]), 0)).toBe('test #3');
  });
});

describe('a thumbnail', () => {
  it.each([
    [300, 200, 3, 160, 107],
    [40, 24, 3, 40, 24],
    [64, 320, 1, 32, 160],
  ])('of %i x %i pixels in %i channels', async (height, width, channels, wantedHeight, wantedWidth) => {
    const grey = { data: new Uint8Array(height * width * channels).fill(90), height, width, channels };
    const address = await thumbnailOf(grey, 160);
    expect(address).toMatch(/^data:image\/jpeg;base64,[A-Za-z0-9+/=]+$/);
    const { data, info } = await sharp(bytesOf(address)).raw().toBuffer({ resolveWithObject: true });
    expect([info.format, info.height, info.width]).toEqual(['raw', wantedHeight, wantedWidth]);
    expect(Math.max(...data.map((value) => Math.abs(value - 90)))).toBeLessThan(3);
    expect(await thumbnailOf(grey, 160)).toBe(address);
  });

  it('of noise is the same each time', async () => {
    const pixels = randomPixels(50, 60, 3);
    expect(await thumbnailOf(pixels, 32)).toBe(await thumbnailOf(pixels, 32));
  });
});

describe('a heat map', () => {
  const read = async (address: string) => {
    expect(address).toMatch(/^data:image\/png;base64,/);
    return sharp(bytesOf(address)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  };

  it('has a pixel for each number, clear at the least and bright at the largest', async () => {
    const { data, info } = await read(await heatMapOf([-3, 0, 5, 1, 1, 1], { height: 2, width: 3 }));
    expect([info.height, info.width, info.channels]).toEqual([2, 3, 4]);
    expect(data[3]).toBe(0);
    expect([...data.subarray(8, 12)]).toEqual([255, 245, 140, 190]);
    const alpha = [0, 1, 2].map((i) => data[4 * i + 3] as number);
    expect(alpha).toEqual([...alpha].sort((a, b) => a - b));
  });

  it('of one value everywhere is clear, and a large one is scaled down', async () => {
    const { data } = await read(await heatMapOf([2, 2, 2, 2], { height: 2, width: 2 }));
    expect([3, 7, 11, 15].map((i) => data[i])).toEqual([0, 0, 0, 0]);
    const { info } = await read(
      await heatMapOf(
        new Array(40 * 20).fill(0).map((_, i) => i),
        { height: 40, width: 20 },
      ),
    );
    expect([info.height, info.width]).toEqual([16, 8]);
  });
});
