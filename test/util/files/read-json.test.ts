import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseJson, parseObject, readTextIfThere } from '../../../src/util/files/read-json.js';
import { temporaryFolder } from '../../run/runs.js';

describe('JSON of a file', () => {
  it('is an object, or an error that names the file', () => {
    expect(parseObject('{"a":"[[[{{{\\"[["}', 'a.json')).toEqual({ a: '[[[{{{"[[' });
    expect(() => parseObject('[1]', 'a.json')).toThrow('a.json: holds no JSON object: got a list');
    expect(() => parseObject('null', 'a.json')).toThrow('a.json: holds no JSON object: got null');
    expect(() => parseObject('{', 'a.json')).toThrow('a.json: not valid JSON: ');
  });

  it('may not have more levels than could be walked', () => {
    const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parseJson(deep(64), 'a.json')).toBeInstanceOf(Array);
    expect(() => parseJson(deep(65), 'a.json')).toThrow('a.json: has too many levels: expected 64 at most');
    expect(() => parseJson(`{"a":${deep(1e6)}}`, 'a.json')).toThrow('a.json: has too many levels');
  });
});

describe('a text file', () => {
  it('is its text, also through a link, and undefined where it is not there', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a.txt');
    await writeFile(path, 'text');
    await symlink('a.txt', join(folder, 'link'));
    expect(await readTextIfThere(path)).toBe('text');
    expect(await readTextIfThere(join(folder, 'link'))).toBe('text');
    expect(await readTextIfThere(join(folder, 'none'))).toBeUndefined();
    expect(await readTextIfThere(join(path, 'none'))).toBeUndefined();
  });

  it('that is a folder, a pipe, or a link to itself is an error that names it', async () => {
    const folder = await temporaryFolder();
    const path = (name: string) => join(folder, name);
    await mkdir(path('folder'));
    execFileSync('mkfifo', [path('pipe')]);
    await symlink('loop', path('loop'));
    for (const name of ['folder', 'pipe']) {
      await expect(readTextIfThere(path(name))).rejects.toThrow(
        `${path(name)}: can't be read: it isn't a regular file`,
      );
    }
    await expect(readTextIfThere(path('loop'))).rejects.toThrow(`${path('loop')}: can't be read: ELOOP`);
  });
});
