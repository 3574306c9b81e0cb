import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { REFERENCE_FOLDER, readPages, referencePages } from '../../scripts/docs/api/reference.js';

it('the API reference is what types and comments say now (else: npm run docs)', async () => {
  const written = await readPages(fileURLToPath(new URL(`../../${REFERENCE_FOLDER}`, import.meta.url)));
  const made = await referencePages();
  expect([...written.keys()]).toEqual([...made.keys()]);
  for (const [path, text] of made) expect(written.get(path), path).toBe(text);
}, 180_000);
