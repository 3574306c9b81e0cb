import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pixelsAt } from '../../../src/data/dataset/packed-images.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { temporaryFolder, writeTree } from '../helpers.js';

/** Records with these labels; the sample at (c, y, x) of record i is a known number. */
function records(...labels: number[][]): Uint8Array {
  return Uint8Array.from(
    labels.flatMap((bytes, i) => [
      ...bytes,
      ...Array.from({ length: 3072 }, (_, at) => sample(i, at >> 10, at & 1023)),
    ]),
  );
}

function sample(record: number, channel: number, place: number): number {
  return (record * 31 + channel * 101 + place * 7) % 256;
}

describe('CIFAR', () => {
  it('reads CIFAR-10 batches in order and turns planes to pixels', async () => {
    const folder = await temporaryFolder();
    await writeTree(folder, {
      'data_batch_2.bin': records([2], [9]),
      'data_batch_1.bin': records([5]),
      'test_batch.bin': records([1]),
    });
    const { kind, classes, train, test, size } = await openDataset(folder);
    expect([kind, classes[0], train.length, test?.length, size?.width]).toEqual(['cifar-10', 'airplane', 3, 1, 32]);
    expect([...train.labels]).toEqual([5, 2, 9]);
    if (train.source.kind !== 'packed') throw new Error('not packed');
    const { data } = pixelsAt(train.source, 2);
    for (let i = 0; i < 3072; i++) expect(data[i]).toBe(sample(1, i % 3, Math.floor(i / 3)));
    expect(train.source.data.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('reads CIFAR-100 with fine labels and their names, and a single file', async () => {
    const folder = await temporaryFolder();
    const names = Array.from({ length: 100 }, (_, i) => `thing ${i}`).join('\n');
    await writeTree(folder, { 'train.bin': records([3, 99], [4, 0]), 'fine_label_names.txt': `${names}\n` });
    const { kind, classes, train, test } = await openDataset(folder);
    expect([kind, classes[99], [...train.labels], test]).toEqual(['cifar-100', 'thing 99', [99, 0], undefined]);
    expect((await openDataset(join(folder, 'train.bin'))).kind).toBe('cifar-100');
  });

  it('tells the version of a file with another name by its length', async () => {
    const folder = await temporaryFolder();
    await writeTree(folder, {
      'a.bin': records([1], [2]),
      'b.bin': records([1, 5], [2, 6]),
      'c.bin': new Uint8Array(99),
    });
    expect((await openDataset(join(folder, 'a.bin'))).kind).toBe('cifar-10');
    expect((await openDataset(join(folder, 'b.bin'))).kind).toBe('cifar-100');
    await expect(openDataset(join(folder, 'c.bin'))).rejects.toThrow(/3073 .*3074 .*got 99 bytes/);
  });

  it('names a truncated file and its length', async () => {
    const folder = await temporaryFolder();
    await writeTree(folder, { 'data_batch_1.bin': records([1], [2]).subarray(0, 5000) });
    await expect(openDataset(folder)).rejects.toThrow(
      /data_batch_1\.bin: .*expected a multiple of 3073 bytes, got 5000 bytes \(1 records and 1927 bytes\)/,
    );
    await writeTree(folder, { 'data_batch_1.bin': new Uint8Array(0) });
    await expect(openDataset(folder)).rejects.toThrow(/got 0 bytes/);
  });

  it('names the record of a label out of range', async () => {
    const folder = await temporaryFolder();
    await writeTree(folder, { 'data_batch_1.bin': records([1], [2], [10]) });
    await expect(openDataset(folder)).rejects.toThrow(/data_batch_1\.bin: label of record 2: expected 0 to 9, got 10/);
  });

  it('asks for the training files', async () => {
    const folder = await temporaryFolder();
    await writeTree(folder, { 'test.bin': records([1, 2]) });
    await expect(openDataset(folder)).rejects.toThrow(/expected train\.bin, got test\.bin/);
  });

  it('counts the class names', async () => {
    const folder = await temporaryFolder();
    await writeTree(folder, { 'data_batch_1.bin': records([1], [2]), 'batches.meta.txt': 'cat\ndog\n' });
    await expect(openDataset(folder)).rejects.toThrow(/batches\.meta\.txt: class names: expected 10 names, got 2/);
  });
});
