import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { cachePath } from '../../src/runtime/tuner.js';

afterEach(() => vi.unstubAllEnvs());

it.each([
  ['/somewhere/else', '/somewhere/else'],
  ['', join(homedir(), '.cache')],
  ['relative/cache', join(homedir(), '.cache')],
  ['.', join(homedir(), '.cache')],
])('XDG_CACHE_HOME %j puts the cache into %s', (value, folder) => {
  vi.stubEnv('XDG_CACHE_HOME', value);
  expect(isAbsolute(cachePath(1))).toBe(true);
  expect(cachePath(1)).toMatch(new RegExp(`^${join(folder, 'agon')}/forms-[0-9a-f]{12}\\.json$`));
});
