import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../run/runs.js';

/** The environment of a process in which a package is as if it had never been installed. */
export async function withoutPackage(name: string): Promise<{ readonly NODE_OPTIONS: string }> {
  const folder = await temporaryFolder();
  const loader = join(folder, 'loader.mjs');
  const resolve = `export function resolve(name, context, next) {
    if (name !== ${JSON.stringify(name)}) return next(name, context);
    throw Object.assign(new Error('not there'), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
  await writeFile(join(folder, 'hooks.mjs'), resolve);
  await writeFile(loader, "import { register } from 'node:module';\nregister('./hooks.mjs', import.meta.url);\n");
  return { NODE_OPTIONS: `--import file://${loader}` };
}
