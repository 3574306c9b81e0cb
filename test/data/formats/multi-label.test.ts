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
