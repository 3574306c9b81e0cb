import { readFile, stat } from 'node:fs/promises';
import { errorCode, failIrregular, failUnreadable } from './files.js';

export { jsonIn, parseJson, parseObject } from '../formats/json.js';

/** The text of a regular file, undefined where there is none. Devices, pipes, folders and what can't be read are errors that name it. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).isFile()) return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    return failUnreadable(path, error);
  }
  return failIrregular(path);
}
