import { readFile, stat } from 'node:fs/promises';
import { fail, messageOf } from '../util/error.js';
import { bytesOf } from '../util/typed-array.js';

/** The bytes of a regular file (up to Node.js's limit of 2 GiB); errors name it. Devices and pipes are refused. */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    if ((await stat(path)).isFile()) return bytesOf(await readFile(path));
  } catch (error) {
    fail(path, `can't be read: ${messageOf(error)}`, { cause: error });
  }
  fail(path, "can't be read: it isn't a regular file");
}
