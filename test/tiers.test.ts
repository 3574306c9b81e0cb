import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SLOW } from './tiers.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const isOfDevices = (path: string) => path.startsWith('test/devices/');
const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => `test/${path.split(sep).join('/')}`);
const quick = tests.filter((path) => !SLOW.includes(path) && !isOfDevices(path));
const foldersOf = (paths: readonly string[]) => new Set(paths.map((path) => path.split('/').slice(1, -1)[0] ?? '.'));

describe('the quick tier', () => {
  it('leaves out files that exist, each named once', () => {
    expect(SLOW.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(new Set(SLOW).size).toBe(SLOW.length);
  });

  it('has tests of every folder', () => {
    expect(foldersOf(quick)).toEqual(foldersOf(tests.filter((path) => !isOfDevices(path))));
  });

  it('has a whole run with a resume, the layers and the formats', () => {
    const telling = ['test/run/small-run', 'test/layers', 'test/store/format-versions', 'test/store/checkpoint'];
    for (const path of telling) expect(quick).toContain(`${path}.test.ts`);
  });

  it('asserts no time that a slow or shared machine could miss', () => {
    const timed = quick.filter((path) =>
      /toBeLessThan\w*\(.*(?:seconds|elapsed|_?ms\b)/i.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    expect(timed).toEqual([]);
  });
});
