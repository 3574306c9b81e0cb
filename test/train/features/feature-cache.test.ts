import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FeatureCache } from '../../../src/train/features/feature-cache.js';

const LENGTH = 4;
const KEY = 'a'.repeat(24);

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-features-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const rowsOf = (names: readonly string[]) => {
  return new Map(names.map((name, i) => [name, Float32Array.from({ length: LENGTH }, (_, k) => i + k / 8)]));
};
const opened = (folder: string, mostBytes?: number) => {
  return new FeatureCache({ key: KEY, length: LENGTH, folder, ...(mostBytes && { mostBytes }) });
};
const keysIn = async (cache: FeatureCache, names: readonly string[]) => {
  return [...(await cache.read(new Set(names))).keys()].sort();
};

it('gives back what was written, by the content of images, and nothing of another backbone', async () => {
  const folder = await newFolder();
  const rows = rowsOf(['x', 'y', 'z']);
  await opened(folder).write(rows);
  expect(await opened(folder).read(new Set(['y', 'z', 'other']))).toEqual(new Map([...rows].slice(1)));
  await opened(folder).write(rowsOf(['new']));
  expect(await keysIn(opened(folder), ['x', 'new'])).toEqual(['new', 'x']);
  const other = new FeatureCache({ key: 'b'.repeat(24), length: LENGTH, folder });
  expect((await other.read(new Set(['x']))).size).toBe(0);
  // A folder that isn't there is an empty one
  expect((await opened(join(folder, 'none')).read(new Set(['x']))).size).toBe(0);
});

it.each([
  ['a byte that has changed', (bytes: Buffer) => bytes.fill(bytes.at(-1) === 1 ? 2 : 1, bytes.length - 1)],
  ['one that is cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 3)],
  ['no safetensors file', () => Buffer.from('hello')],
  ['an empty one', () => Buffer.alloc(0)],
])('removes a damaged file, whose features are made anew: %s', async (_, damage) => {
  const folder = await newFolder();
  await opened(folder).write(rowsOf(['x', 'y']));
  const [name = ''] = await readdir(folder);
  await writeFile(join(folder, name), damage(await readFile(join(folder, name))));
  expect(await keysIn(opened(folder), ['x', 'y'])).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
  await opened(folder).write(rowsOf(['x', 'y']));
  expect(await keysIn(opened(folder), ['x', 'y'])).toEqual(['x', 'y']);
});

it('stays within its bound: what was used longest ago goes first', async () => {
  const folder = await newFolder();
  const names = [
    ['a1', 'a2'],
    ['b1', 'b2'],
    ['c1', 'c2'],
  ];
  const sizes: number[] = [];
  for (const [i, group] of names.entries()) {
    await opened(folder, 2000).write(rowsOf(group));
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      sizes.push((await readFile(path)).length);
      // Written long ago, one after the other
      if (i === 0) await utimes(path, 1000, 1000);
    }
  }
  const size = Math.max(...sizes);
  // Room for two of the files
  await opened(folder, 2 * size + 40).write(rowsOf(['d1', 'd2']));
  expect(await keysIn(opened(folder), ['a1', 'b1', 'c1', 'd1'])).not.toContain('a1');
  expect(await keysIn(opened(folder), ['d1'])).toEqual(['d1']);
  // More than all of it isn't kept at all
  await opened(folder, 10).write(rowsOf(['e']));
  expect(await keysIn(opened(folder), ['e'])).toEqual([]);
});

it('puts many small files together, and removes what killed processes left', async () => {
  const folder = await newFolder();
  const half = join(folder, `${KEY}-0.safetensors.123`);
  await opened(folder).write(rowsOf(['0']));
  await writeFile(half, 'half');
  await utimes(half, 1000, 1000);
  const names = Array.from({ length: 12 }, (_, i) => String(i));
  for (const name of names.slice(1)) await opened(folder).write(rowsOf([name]));
  const files = await readdir(folder);
  expect(files.length).toBeLessThan(9);
  expect(files).not.toContain(`${KEY}-0.safetensors.123`);
  expect(await keysIn(opened(folder), names)).toEqual([...names].sort());
});
