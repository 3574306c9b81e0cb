import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset/dataset.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { png, temporaryFolder, writeTree } from '../helpers.js';
import { parquetOf } from './parquet-of.js';

let images: Buffer[];
beforeAll(async () => {
  images = await Promise.all([0, 1, 2, 3].map((seed) => png(6, 8, seed)));
});

async function opened(files: Readonly<Record<string, Uint8Array>>, name: string, check = true): Promise<Dataset> {
  const folder = await temporaryFolder();
  await writeTree(folder, files);
  return openDataset(join(folder, name), { check });
}

const rows = (...labels: (number | null)[]) => labels.map((label, i) => ({ bytes: images[i] ?? null, label }));

describe('a parquet file', () => {
  it('has the classes that its metadata name, sorted, and leaves out what has no label or no bytes', async () => {
    const file = parquetOf([...rows(1, 0, -1, null), { bytes: null, label: 0 }], ['dog', 'cat']);
    const { train, classes, skipped } = await opened({ 'a.parquet': file }, 'a.parquet');
    expect([classes, [...train.labels]]).toEqual([
      ['cat', 'dog'],
      [0, 1],
    ]);
    expect(skipped.map(({ path, reason }) => `${path.slice(-5)}: ${reason}`)).toEqual([
      'row 2: the row has no label',
      'row 3: the row has no label',
      'row 4: the row has no bytes of an image',
    ]);
  });

  it('has numbers for classes where nothing names them', async () => {
    expect((await opened({ 'a.parquet': parquetOf(rows(10, 9, 10)) }, 'a.parquet')).classes).toEqual(['10', '9']);
  });

  it('may have bytes without a struct, and classes as text', async () => {
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: 'id', data: [1, 2] },
        { name: 'jpg', data: images.slice(0, 2), type: 'BYTE_ARRAY' },
        { name: 'category', data: ['b|c', 'a'], type: 'STRING' },
      ],
    });
    const { train, classes } = await opened({ 'a.parquet': Buffer.from(buffer) }, 'a.parquet');
    expect([classes, [...train.labels]]).toEqual([
      ['a', 'b|c'],
      [0, 1],
    ]);
  });

  it('in a folder is of the split that its name begins with, or its folder is named for', async () => {
    const part = (...labels: number[]) => parquetOf(rows(...labels), ['a', 'b']);
    const files = {
      'set/README.md': Buffer.from('x'),
      'set/data/train-00000-of-00002.parquet': part(0, 1),
      'set/data/train-00001-of-00002.parquet': part(1),
      'set/data/validation-00000-of-00001.parquet': part(1, 0),
      'set/more/test/0000.parquet': part(0),
    };
    const { train, validation, test } = await opened(files, 'set', false);
    expect([train, validation, test].map((split) => [...(split?.labels ?? [])])).toEqual([[0, 1, 1], [0, 1], [0]]);
    const source = train.source.kind === 'files' ? train.source.paths : [];
    expect(source[0]?.replace(/\\/g, '/')).toMatch(/set\/data\/train-00000-of-00002\.parquet, row 0$/);
  });

  it.each([
    ['cut short', () => parquetOf(rows(0, 1)).subarray(0, 200), /can't be read as parquet: .*cut short or damaged/],
    [
      'with a damaged page',
      () => damagedPage(parquetOf(rows(0, 1))),
      /can't be read as parquet|none of its images can be read|no training images/,
    ],
    ['without images', () => tableOf('label', [1, 2]), /has no column of images' bytes: .*got label/],
    ['without labels', () => tableOf('image', images.slice(0, 2)), /has no column of labels: .*got image/],
  ])('%s is an error', async (_, write, message) => {
    await expect(opened({ 'a.parquet': write() }, 'a.parquet')).rejects.toThrow(message);
  });

  it('is an error that names it, or opens, whichever byte is another', async () => {
    const whole = parquetOf(rows(0, 1), ['a', 'b']);
    for (let at = 5; at < whole.length; at += 29) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      const outcome = await opened({ 'a.parquet': bytes }, 'a.parquet').then(() => 'opened', String);
      expect(outcome).toMatch(/^opened$|^AgonError: .*a\.parquet/);
    }
  });
});

function damagedPage(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(60, 0xff), bytes.subarray(64)]);
}

function tableOf(name: string, data: (number | Uint8Array)[]): Buffer {
  const type = data[0] instanceof Uint8Array ? 'BYTE_ARRAY' : 'INT32';
  return Buffer.from(parquetWriteBuffer({ columnData: [{ name, data, type }] }));
}
