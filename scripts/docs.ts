/** Writes the generated pages of `docs` anew: `npm run docs`. A test holds the files against what this makes. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PAGES } from './docs/pages.js';

for (const [path, make] of PAGES) {
  await writeFile(fileURLToPath(new URL(`../${path}`, import.meta.url)), make());
  console.log(path);
}
