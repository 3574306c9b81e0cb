import { cp, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { png } from '../data/helpers.js';
import { temporaryFolder } from './runs.js';

/** A folder of little images, no two alike, with a class folder for each name. */
export async function imageFolder(files: readonly string[]): Promise<string> {
  const folder = join(await temporaryFolder(), 'images');
  for (const [i, file] of files.entries()) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), await png(12, 10, i));
  }
  return folder;
}

/** Two classes of eight images each. */
export const TWO_CLASSES = ['a', 'b'].flatMap((name) => Array.from({ length: 8 }, (_, i) => `${name}/${i}.png`));

/** Two files, each in the place of the other. */
export async function swapFiles(folder: string, one: string, other: string): Promise<void> {
  const [first, second] = [join(folder, one), join(folder, other)];
  await cp(first, `${folder}.kept`);
  await rename(second, first);
  await rename(`${folder}.kept`, second);
}
