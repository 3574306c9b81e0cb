import { copyFile, link, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Dataset, Split } from '../../../src/data/dataset/dataset.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { png, temporaryFolder, writeTree } from '../helpers.js';

/** `cat/a` and `dog/a` are one picture, by a link, a hard link or a copy; others are in one folder. */
async function photos(): Promise<string> {
  const folder = await temporaryFolder();
  await writeTree(folder, {
    'cat/a.png': await png(6, 8, 1),
    'cat/b.png': await png(6, 8, 2),
    'cow/c.png': await png(6, 8, 3),
    'dog/d.png': await png(6, 8, 4),
  });
  await symlink(join('..', 'cat', 'a.png'), join(folder, 'dog', 'linked.png'));
  await link(join(folder, 'cat', 'b.png'), join(folder, 'cow', 'hard.png'));
  await copyFile(join(folder, 'cat', 'b.png'), join(folder, 'dog', 'other-name.png'));
  return folder;
}

const namesIn = (folder: string, { source }: Split) =>
  source.kind === 'files' ? source.paths.map((path) => relative(folder, path)) : [];

const rowsOf = ({ classes, train: { targets = new Uint8Array(0) } }: Dataset) =>
  Array.from({ length: targets.length / classes.length }, (_, i) =>
    [...targets.subarray(i * classes.length, (i + 1) * classes.length)].join(''),
  );

describe('class folders with the same picture in several of them', () => {
  it.each([true, false])('are images with several classes, on request (decoded: %s)', async (check) => {
    const folder = await photos();
    const dataset = await openDataset(folder, { task: 'multi-label', check });
    expect(dataset.classes).toEqual(['cat', 'cow', 'dog']);
    expect(namesIn(folder, dataset.train)).toEqual(['cat/a.png', 'cat/b.png', 'cow/c.png', 'dog/d.png']);
    expect(rowsOf(dataset)).toEqual(['101', '111', '010', '001']);
    expect(dataset.notes).toContain('3 image files are links or copies of others: each picture counts once');
  });

  it('are images of their own where every image has one class', async () => {
    const { train } = await openDataset(await photos());
    expect([train.length, train.targets]).toEqual([7, undefined]);
  });
});

describe('a data set in which no image has several classes', () => {
  it('has one for each, and says so', async () => {
    const dataset = await openDataset('builtin', {
      task: 'multi-label',
      builtin: { train: 12, test: 4 },
    });
    const { train, classes, notes = [] } = dataset;
    const [one = ''] = rowsOf(dataset);
    expect(rowsOf(dataset).every((row) => row.replaceAll('0', '') === '1')).toBe(true);
    expect(one.indexOf('1')).toBe(train.labels[0]);
    expect([train.length, classes.length]).toEqual([12, one.length]);
    expect(notes.join()).toMatch(/each has one class only/);
  });
});

describe('a table with several labels of an image', () => {
  const TABLE = 'image,labels,split\n1.png,dog|cat,train\n2.png,cow,train\n3.png,,train\n4.png,cat;cow,test\n';

  async function folderWith(table: string): Promise<string> {
    const folder = await temporaryFolder();
    const images: [string, Uint8Array][] = [];
    for (const i of [1, 2, 3, 4]) images.push([`${i}.png`, await png(6, 8, i)]);
    await writeTree(folder, { 'labels.csv': table, ...Object.fromEntries(images) });
    return folder;
  }

  it('has them all, and images with none', async () => {
    const folder = await folderWith(TABLE);
    for (const spec of [folder, join(folder, 'labels.csv')]) {
      const dataset = await openDataset(spec, { task: 'multi-label' });
      expect(dataset.classes).toEqual(['cat', 'cow', 'dog']);
      expect(namesIn(folder, dataset.train)).toEqual(['1.png', '2.png', '3.png']);
      expect(rowsOf(dataset)).toEqual(['101', '010', '000']);
      expect([...(dataset.test?.targets ?? [])]).toEqual([1, 1, 0]);
      expect(dataset.skipped).toEqual([]);
    }
  });

  it('has them in JSON lines too', async () => {
    const lines = [
      { image: '1.png', labels: ['dog', 'cat'] },
      { image: '2.png', labels: [] },
      { image: '3.png', labels: 'cow' },
    ];
    const folder = await folderWith('');
    await writeTree(folder, { 'set.jsonl': lines.map((line) => JSON.stringify(line)).join('\n') });
    const dataset = await openDataset(join(folder, 'set.jsonl'), { task: 'multi-label' });
    expect(rowsOf(dataset)).toEqual(['101', '000', '010']);
  });

  it('needs the task to be said, and classes that the training images have', async () => {
    await expect(openDataset(await folderWith(TABLE))).rejects.toThrow('Train with --task multi-label');
    const other = await folderWith(TABLE.replace('cat;cow', 'cat;bird'));
    await expect(openDataset(other, { task: 'multi-label' })).rejects.toThrow(/got bird for .*4\.png/);
  });
});
