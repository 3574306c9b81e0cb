import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../src/data/formats/open.js';
import { temporaryFolder, writeTree } from '../helpers.js';

function idx(shape: number[], values: number[], rank = shape.length): Uint8Array {
  const header = [0, 0, 8, rank, ...shape.flatMap((n) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255])];
  return Uint8Array.from([...header, ...values]);
}

/** Three images of 2 x 3 with the labels 0, 2, 1. */
const IMAGES = idx(
  [3, 2, 3],
  Array.from({ length: 18 }, (_, i) => i * 10),
);
const LABELS = idx([3], [0, 2, 1]);
const TRAIN = { 'train-images-idx3-ubyte': IMAGES, 'train-labels-idx1-ubyte': LABELS };

async function folderOf(files: Record<string, Uint8Array>): Promise<string> {
  const folder = await temporaryFolder();
  await writeTree(folder, files);
  return folder;
}

describe('IDX', () => {
  it('reads grey images, plain and zipped, and numbers the classes', async () => {
    const folder = await folderOf({
      ...TRAIN,
      't10k-images-idx3-ubyte.gz': gzipSync(idx([1, 2, 3], [1, 2, 3, 4, 5, 6])),
      't10k-labels-idx1-ubyte.gz': gzipSync(idx([1], [2])),
    });
    const { kind, channels, classes, size, train, test } = await openDataset(folder);
    expect([kind, channels, classes, size]).toEqual(['idx', 1, ['0', '1', '2'], { height: 2, width: 3 }]);
    expect([[...train.labels], [...(test?.labels ?? [])]]).toEqual([[0, 2, 1], [2]]);
    expect(train.source.kind === 'packed' && [...train.source.data.subarray(0, 4)]).toEqual([0, 10, 20, 30]);
  });

  it('reads the names with dots', async () => {
    const folder = await folderOf({ 'train-images.idx3-ubyte': IMAGES, 'train-labels.idx1-ubyte': LABELS });
    expect((await openDataset(folder)).train.length).toBe(3);
  });

  it.each([
    ['another magic number', { 'train-images-idx3-ubyte': idx([3, 2, 3], [], 4) }, /expected 00000803, got 00000804/],
    [
      'a file that is cut short',
      { 'train-images-idx3-ubyte': IMAGES.subarray(0, 30) },
      /3 x 2 x 3.*34 bytes, got 30 bytes/,
    ],
    ['an empty file', { 'train-labels-idx1-ubyte': new Uint8Array(0) }, /expected 00000801, got none/],
    [
      'a header that is cut short',
      { 'train-labels-idx1-ubyte': LABELS.subarray(0, 6) },
      /expected 8 bytes or more, got 6/,
    ],
    [
      'images of 0 x 0',
      { 'train-images-idx3-ubyte': idx([3, 0, 0], []) },
      /train-images-idx3-ubyte: size of its images: expected 1 x 1 pixels or more, got 0 x 0/,
    ],
    ['images of no width', { 'train-images-idx3-ubyte': idx([3, 4, 0], []) }, /got 4 x 0/],
    [
      'no images',
      { 'train-images-idx3-ubyte': idx([0, 2, 3], []), 'train-labels-idx1-ubyte': idx([0], []) },
      /train-images-idx3-ubyte: there are no images in it/,
    ],
    ['fewer labels than images', { 'train-labels-idx1-ubyte': idx([2], [0, 1]) }, /expected 3, .*got 2/],
    [
      'a damaged zip',
      { 'train-images-idx3-ubyte': IMAGES, 'train-labels-idx1-ubyte': LABELS, ...badZip() },
      /can't be read/,
    ],
  ])('%s is an error', async (_, files, message) => {
    await expect(openDataset(await folderOf({ ...TRAIN, ...files }))).rejects.toThrow(message);
  });

  it('a test label that training does not have is an error', async () => {
    const test = { 't10k-images-idx3-ubyte': IMAGES, 't10k-labels-idx1-ubyte': idx([3], [0, 1, 7]) };
    await expect(openDataset(await folderOf({ ...TRAIN, ...test }))).rejects.toThrow(
      /record 2: expected 0 to 2.*got 7/,
    );
  });

  it('one class only is an error', async () => {
    const folder = await folderOf({ ...TRAIN, 'train-labels-idx1-ubyte': idx([3], [1, 1, 1]) });
    await expect(openDataset(folder)).rejects.toThrow(/expected of two classes or more, got of one, 1/);
  });

  it('missing labels and missing training images are errors', async () => {
    const unlabelled = await folderOf({ 'train-images-idx3-ubyte': IMAGES });
    await expect(openDataset(unlabelled)).rejects.toThrow(/no labels file/);
    const testOnly = await folderOf({ 't10k-images-idx3-ubyte': IMAGES });
    await expect(openDataset(testOnly)).rejects.toThrow(/training images are missing/);
  });
});

function badZip(): Record<string, Uint8Array> {
  return { 't10k-images-idx3-ubyte.gz': Uint8Array.of(1, 2, 3), 't10k-labels-idx1-ubyte': LABELS };
}
