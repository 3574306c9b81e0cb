import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../src/data/formats/open.js';
import { temporaryFolder, writeTree } from '../helpers.js';

const SMALL = { train: 20, test: 10 };

describe('openDataset', () => {
  it('opens the built-in set with counts', async () => {
    const { kind, train, test } = await openDataset('builtin', { builtin: SMALL });
    expect([kind, train.length, test?.length]).toEqual(['builtin', 20, 10]);
  });

  it('a path that is not there is an error', async () => {
    await expect(openDataset('/no/such/folder')).rejects.toThrow(
      /^\/no\/such\/folder: there is no such file or folder\. Name the path of a data set, or "builtin"/,
    );
  });

  it('a file of another kind is an error', async () => {
    const folder = await temporaryFolder();
    await writeTree(folder, { 'a.zip': 'x' });
    await expect(openDataset(join(folder, 'a.zip'))).rejects.toThrow(
      /expected a folder; a table .* or a \.bin file of CIFAR/,
    );
  });

  it('takes class names from a list or a file', async () => {
    const names = 'abcdefghij'.split('');
    const folder = await temporaryFolder();
    await writeTree(folder, { 'names.txt': `${names.join('\r\n')}\r\n` });
    for (const classNames of [names, join(folder, 'names.txt')]) {
      expect((await openDataset('builtin', { builtin: SMALL, classNames })).classes).toEqual(names);
    }
  });

  it.each([
    [['a', 'b'], /class names: expected 10 names, got 2/],
    ['abcdefghia'.split(''), /the class name "a" is there twice/],
    ['/no/such/names.txt', /names\.txt: class names can't be read/],
  ])('class names that do not fit are an error: %j', async (classNames, message) => {
    await expect(openDataset('builtin', { builtin: SMALL, classNames })).rejects.toThrow(message);
  });
});
