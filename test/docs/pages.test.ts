import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { PAGES } from '../../scripts/docs/pages.js';

describe('the generated page', () => {
  it.each([...PAGES])('%s is what the code says now (else: npm run docs)', async (path, make) => {
    expect(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(make());
  });
});
