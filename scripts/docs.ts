/** Writes the generated pages of `docs` anew: `npm run docs`. Tests hold the files against what this makes. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REFERENCE_FOLDER, referencePages } from './docs/api/reference.js';
import { PAGES } from './docs/pages.js';

const placeOf = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(placeOf(path)), { recursive: true });
  await writeFile(placeOf(path), text);
  console.log(path);
}

for (const [path, make] of PAGES) await write(path, make());
const reference = await referencePages();
await rm(placeOf(REFERENCE_FOLDER), { recursive: true, force: true });
for (const [path, text] of reference) await write(`${REFERENCE_FOLDER}/${path}`, text);
