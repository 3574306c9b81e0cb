import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { errorCode, failUnreadable } from './files.js';

/** The lines of a file, without line ends; none where there is no file. A file that can't be read is an error that names it. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    failUnreadable(path, error);
  } finally {
    input.destroy();
  }
}
