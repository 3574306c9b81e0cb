import { createReadStream } from 'node:fs';
import type { ImageInput } from '../../evaluate/image-inputs.js';
import { failUnreadable } from '../../util/files/files.js';
import { streamLines } from '../../util/files/stream-lines.js';
import type { CliIo, Input } from './io.js';
import { failUsage } from './usage-error.js';

/** What stands for standard input. */
const STDIN = '-';

/**
 * The images that a command line names: its arguments, of which `-` is the bytes of an image on standard input, then the lines of
 * `--files-from`. No images at all, and two readers of standard input, are wrong calls.
 */
export function namedInputs(
  files: readonly string[],
  filesFrom: string | undefined,
  io: Pick<CliIo, 'stdin'>,
): AsyncIterable<ImageInput> {
  const readers = [...files, filesFrom].filter((name) => name === STDIN).length;
  if (readers > 1) failUsage(STDIN, 'standard input is read once', { hint: 'Name it once' });
  if (files.length === 0 && filesFrom === undefined) {
    failUsage('predict', 'no images', { expected: 'files, folders or patterns; - ; or --files-from FILE' });
  }
  if (readers > 0 && (!io.stdin || io.stdin.isTTY)) {
    failUsage(STDIN, 'nothing comes from standard input', {
      hint: 'Pipe an image into it, or file names (--files-from -)',
    });
  }
  return inputs(files, filesFrom, io.stdin);
}

async function* inputs(
  files: readonly string[],
  filesFrom: string | undefined,
  stdin: Input = noInput(),
): AsyncGenerator<ImageInput, void, undefined> {
  for (const name of files) yield name === STDIN ? { name, bytes: await allOf(stdin) } : name;
  if (filesFrom === undefined) return;
  for await (const name of streamLines(filesFrom === STDIN ? stdin : contentOf(filesFrom))) if (name !== '') yield name;
}

async function* noInput(): AsyncGenerator<Uint8Array, void, undefined> {}

async function allOf(stream: Input): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part as Uint8Array));
  return Buffer.concat(parts);
}

async function* contentOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  } catch (error) {
    failUnreadable(path, error);
  }
}
