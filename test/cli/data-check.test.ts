import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataCheck } from '../../src/data/check/data-check.js';
import { imagesNamed } from '../../src/data/formats/image-arguments.js';
import { zipOf } from '../data/archives/pack.js';
import { png } from '../data/helpers.js';
import { agon } from './command-line.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-check-'));
  const [one, two, three] = await Promise.all([1, 2, 3].map((seed) => png(40, 40, seed)));
  const files = { 'cat/1.png': one, 'cat/2.png': two, 'dog/1.png': two, 'dog/2.png': three } as Record<string, Buffer>;
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(folder, 'set', name, '..'), { recursive: true });
    await writeFile(join(folder, 'set', name), bytes);
  }
  await writeFile(join(folder, 'set.zip'), zipOf({ ...files, 'notes.txt': 'x' }));
  await writeFile(join(folder, 'cut.zip'), zipOf(files).subarray(0, 100));
});
afterAll(() => rm(folder, { recursive: true }));

describe('agon data check', () => {
  it.each(['set', 'set.zip'])('tells what it finds in %s', async (name) => {
    const { stdout, exitCode } = await agon(`data check ${join(folder, name)}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      `${join(folder, name)}  ${name === 'set' ? 'folder' : 'zip'}, 2 classes, images: train 4\n`,
    );
    expect(stdout).toContain('two-labels: 1 picture with several labels: at most one of them is right\n');
    expect(stdout).toContain(`  ${join('cat', '2.png')} (cat) = ${join('dog', '1.png')} (dog): 2 equal files\n`);
  });

  it('prints JSON, and exits with 1 if it is to be strict', async () => {
    const { stdout, exitCode } = await agon(`data check ${join(folder, 'set')} --json --strict --near 0`);
    expect(exitCode).toBe(1);
    const { findings, splits } = JSON.parse(stdout) as DataCheck;
    expect(splits).toEqual([{ name: 'train', images: 4 }]);
    expect(findings.map(({ kind, items }) => [kind, items[0]?.images.map((image) => image.class)])).toEqual([
      ['two-labels', ['cat', 'dog']],
    ]);
  });

  it('refuses distances that mean nothing', async () => {
    const { stderr, exitCode } = await agon(`data check ${join(folder, 'set')} --near 65`);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/--near: .*16/)]);
  });

  it('leaves `agon data` as it is', async () => {
    const { stdout } = await agon(`data ${join(folder, 'set.zip')} --json`);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'zip', splits: [{ name: 'train', images: 4 }] });
  });
});

it('images to predict may be in an archive', async () => {
  const zip = join(folder, 'set.zip');
  const named = await imagesNamed(zip);
  const paths = ['cat/1.png', 'cat/2.png', 'dog/1.png', 'dog/2.png'].map((name) => join(zip, name));
  expect(named).toMatchObject({ files: paths.map((name) => ({ name })), others: 1 });
  expect(await imagesNamed(join(folder, 'cut.zip'))).toEqual({
    error: expect.stringMatching(/cut\.zip: its zip archive/),
  });
});
