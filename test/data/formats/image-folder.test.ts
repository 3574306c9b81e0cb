import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Split } from '../../../src/data/dataset/dataset.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { png, temporaryFolder, writeTree } from '../helpers.js';

async function folderOf(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await temporaryFolder();
  await writeTree(folder, files);
  return folder;
}

const pathsIn = (folder: string, { source }: Split) =>
  source.kind === 'files' ? source.paths.map((path) => path.slice(folder.length + 1)) : [];

describe('a folder of images', () => {
  it('has a class per folder, in sorted order, with nested files and without hidden ones', async () => {
    const image = await png();
    const folder = await folderOf({
      'dog/b.png': image,
      'dog/a.PNG': image,
      'cat/more/z.jpeg': image,
      'cat/c.webp': image,
      'cat/.hidden.png': image,
      '.git/x.png': image,
      'README.md': 'hello',
    });
    const dataset = await openDataset(folder);
    expect(dataset.classes).toEqual(['cat', 'dog']);
    expect(pathsIn(folder, dataset.train)).toEqual(['cat/c.webp', 'cat/more/z.jpeg', 'dog/a.PNG', 'dog/b.png']);
    expect([...dataset.train.labels]).toEqual([0, 0, 1, 1]);
    expect([dataset.kind, dataset.skipped, dataset.validation, dataset.test]).toEqual([
      'folder',
      [],
      undefined,
      undefined,
    ]);
  });

  it.each(['val', 'valid', 'validation', 'Val'])('has splits: train, %s and test', async (name) => {
    const image = await png();
    const folder = await folderOf({
      'train/cat/1.png': image,
      'train/dog/2.png': image,
      [`${name}/dog/3.png`]: image,
      'test/cat/4.png': image,
    });
    const { train, validation, test } = await openDataset(folder);
    expect([train, validation, test].map((split) => split && [...split.labels])).toEqual([[0, 1], [1], [0]]);
  });

  it('takes folders named like splits for classes when they hold images themselves', async () => {
    const image = await png();
    const { classes } = await openDataset(await folderOf({ 'train/1.png': image, 'plane/2.png': image }));
    expect(classes).toEqual(['plane', 'train']);
  });

  it.each(['pets/train/cat/1.png', 'pets/train/1.png'])(
    'refuses the folder above a data set, or classes above splits: %s',
    async (first) => {
      const image = await png();
      const folder = await folderOf({ [first]: image, 'pets/val/cat/2.png': image, 'cars/3.png': image });
      await expect(openDataset(folder)).rejects.toThrow(
        /pets: a class folder: expected images, got the splits train, val\. If this is a data set, name this very folder/,
      );
    },
  );

  it('counts what it leaves out', async () => {
    const image = await png();
    const folder = await folderOf({
      'cat/1.png': image,
      'cat/2.png': image.subarray(0, 40),
      'cat/3.png': 'not an image',
      'cat/4.png': '',
      'cat/notes.txt': 'hello',
      'dog/1.png': image,
      'loose.png': image,
    });
    await symlink('/nowhere', join(folder, 'dog', '2.png'));
    const { train, skipped } = await openDataset(folder);
    expect(pathsIn(folder, train)).toEqual(['cat/1.png', 'dog/1.png']);
    const reasons = Object.fromEntries(skipped.map(({ path, reason }) => [path.slice(folder.length + 1), reason]));
    expect(new Set(Object.keys(reasons))).toEqual(
      new Set(['cat/2.png', 'cat/3.png', 'cat/4.png', 'cat/notes.txt', 'dog/2.png', 'loose.png']),
    );
    expect(reasons).toMatchObject({
      'cat/3.png': 'text, not an image',
      'cat/4.png': 'the file is empty',
      'cat/notes.txt': 'text, not an image',
      'dog/2.png': 'a link that leads nowhere',
      'loose.png': 'it is in no class folder',
    });
    expect(reasons['cat/2.png']).not.toBe('');
  });

  it('knows the common size after the check, and each size when they differ', async () => {
    const alike = await folderOf({ 'a/1.png': await png(6, 8), 'b/1.png': await png(6, 8, 1) });
    expect((await openDataset(alike)).size).toEqual({ height: 6, width: 8 });
    const unlike = await openDataset(await folderOf({ 'a/1.png': await png(6, 8), 'b/1.png': await png(5, 8) }));
    expect(unlike.size).toBeUndefined();
    expect(unlike.train.source).toMatchObject({
      sizes: [
        { height: 6, width: 8 },
        { height: 5, width: 8 },
      ],
    });
  });

  it('does not decode when told not to', async () => {
    let decoded = 0;
    const folder = await folderOf({ 'a/1.png': 'x', 'b/1.png': 'x' });
    expect((await openDataset(folder, { check: false, onProgress: () => decoded++ })).train.length).toBe(2);
    expect(decoded).toBe(0);
  });

  it('reports the progress of the check', async () => {
    const image = await png();
    const seen: number[] = [];
    const folder = await folderOf({ 'train/a/1.png': image, 'train/b/1.png': image, 'test/a/1.png': image });
    await openDataset(folder, { onProgress: (decoded) => seen.push(decoded) });
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe('an unfit folder of images', () => {
  it.each([
    ['is empty', {}, /: the folder is empty: expected folders of images/],
    ['has images but no class folders', { 'a.png': 'x' }, /got images that are in no class folder/],
    ['has no images', { 'a/b.txt': 'x', 'c.txt': 'x' }, /no data set was found .* got a, c\.txt/],
    ['has one class', { 'cat/1.png': 'x' }, /expected of two classes or more, got of one, cat/],
    ['has one class in train', { 'train/cat/1.png': 'x' }, /expected of two classes or more, got of one, cat/],
    [
      'has a class folder without images',
      { 'cat/1.png': 'x', 'dog/x.txt': '' },
      /dog: there is no image in this class/,
    ],
    [
      'has a class in test only',
      { 'train/cat/1.png': 'x', 'train/dog/1.png': 'x', 'test/cow/1.png': 'x' },
      /test\/cow: this class is not in the training split: expected one of cat, dog, got cow/,
    ],
    ['has no train', { 'test/cat/1.png': 'x', 'val/cat/1.png': 'x' }, /a folder val but no folder train/],
    [
      'has two validation splits',
      { 'train/a/1.png': 'x', 'train/b/1.png': 'x', 'val/a/1.png': 'x', 'valid/a/1.png': 'x' },
      /two folders for the validation split: val and valid/,
    ],
    [
      'has a split without images',
      { 'train/a/1.png': 'x', 'train/b/1.png': 'x', 'val/a/1.txt': 'x' },
      /val: there is no image in its class folders/,
    ],
  ])('%s: an error', async (_, files, message) => {
    await expect(openDataset(await folderOf(files), { check: false })).rejects.toThrow(message);
  });

  it('has only unreadable images: an error with the first reason', async () => {
    const folder = await folderOf({ 'cat/1.png': 'x', 'cat/2.png': 'x', 'dog/1.png': 'x' });
    await expect(openDataset(folder)).rejects.toThrow(
      /none of its images can be read: got ".*" for .*cat\/1\.png\. 2 more/,
    );
  });

  it('has a class of only unreadable images: an error with the class', async () => {
    const folder = await folderOf({ 'cat/1.png': await png(), 'dog/1.png': 'x' });
    await expect(openDataset(folder)).rejects.toThrow(/class dog: none of its images can be read: got ".*dog\/1\.png/);
  });
});
