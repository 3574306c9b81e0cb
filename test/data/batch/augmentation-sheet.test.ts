import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { drawMix } from '../../../src/data/augment/mixing.js';
import { NO_AUGMENTATION } from '../../../src/data/batch/augment.js';
import { augmentationSheet } from '../../../src/data/batch/augmentation-sheet.js';
import { pixelsAt } from '../../../src/data/dataset/packed-images.js';
import { permutation, stream } from '../../../src/util/random.js';
import { packedDataset } from '../helpers.js';

const DATASET = packedDataset(9, 3, 8);
const OPTIONS = { augmentation: NO_AUGMENTATION, count: 3, epochs: 2, seed: 4 };
/** 8 pixels are shown as 96. */
const [ZOOM, CELL, GAP] = [12, 96, 4];

/** The pixels of the sheet's images: [row][column][sample]. */
async function imagesOf(png: Buffer) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const rows = (info.height - GAP) / (CELL + GAP);
  const left = info.width - 3 * (CELL + GAP);
  const sample = (row: number, column: number, i: number) => {
    const [y, x] = [Math.floor(i / 24), Math.floor((i % 24) / 3)];
    const top = GAP + row * (CELL + GAP) + y * ZOOM;
    return data[(top * info.width + left + column * (CELL + GAP) + x * ZOOM) * 3 + (i % 3)] as number;
  };
  return Array.from({ length: rows }, (_, r) =>
    [0, 1, 2].map((c) => Array.from({ length: 8 * 8 * 3 }, (_, i) => sample(r, c, i))),
  );
}

describe('a sheet of what training sees', () => {
  const { source } = DATASET.train;
  if (source.kind !== 'packed') throw new Error('not packed');
  const chosen = [...permutation(9, stream(4, 'sample')).subarray(0, 3)].map((i) => [...pixelsAt(source, i).data]);

  it('has the images as they are, and again for each epoch', async () => {
    expect(await imagesOf(await augmentationSheet(DATASET, OPTIONS))).toEqual([chosen, chosen, chosen]);
  });

  it('has them mixed, and with the mean colour where they are erased', async () => {
    const mixing = { mixup: 0, cutmix: 1 };
    const augmentation = { ...NO_AUGMENTATION, randomErasing: 1 };
    const [originals, ...epochs] = await imagesOf(await augmentationSheet(DATASET, { ...OPTIONS, augmentation }));
    expect(originals).toEqual(chosen);
    const values = source.data.filter((_, i) => i % 3 === 0);
    const mean = Math.round(values.reduce((a, b) => a + b, 0) / values.length);
    for (const image of epochs.flat())
      expect(image.filter((x, i) => i % 3 === 0 && x === mean).length).toBeGreaterThan(0);

    const mixed = await imagesOf(await augmentationSheet(DATASET, { ...OPTIONS, mixing }));
    for (const epoch of [0, 1]) {
      const { partners, box = { top: 0, left: 0, height: 0, width: 0 } } = drawMix(mixing, 3, source, 4, epoch);
      const expected = chosen.map((own, n) =>
        own.map((value, i) => {
          const [y, x] = [Math.floor(i / 24) - box.top, Math.floor((i % 24) / 3) - box.left];
          const inside = y >= 0 && y < box.height && x >= 0 && x < box.width;
          return inside ? chosen[partners[n] as number]?.[i] : value;
        }),
      );
      expect(mixed[epoch + 1]).toEqual(expected);
    }
  });
});
