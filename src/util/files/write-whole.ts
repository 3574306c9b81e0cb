import { randomInt } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inPieces } from '../pieces.js';

/** What a file is to hold: text as UTF-8, bytes, or bytes in several parts, which needn't be in memory at once. */
export type Content = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What is done with an open file to write it: a `FileHandle` of Node.js, or a test's stand-in. */
export interface OutputFile {
  /** May write less than it is given. */
  write(bytes: Uint8Array): Promise<{ readonly bytesWritten: number }>;
  sync(): Promise<void>;
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
}

/** Opens a new file; one that is there is an error. */
export type OpenNew = (path: string, mode: number) => Promise<OutputFile>;

const openNew: OpenNew = (path, mode) => open(path, 'wx', mode);

/** The mode of a file that is new, before the process's mask. */
const NEW_FILE = 0o666;

/**
 * Writes a file beside its place, under its name and a number, and renames it when every byte is on the disk: until then the old
 * file stays as it is, and a failure removes the new one. A link is followed; the mode of an old file is kept.
 */
export async function replaceFile(path: string, content: Content, openFile: OpenNew = openNew): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    (old) => old.mode & 0o777,
    () => NEW_FILE,
  );
  const temporary = `${target}.${randomInt(2 ** 47)}`;
  try {
    await writeNew(temporary, content, await openFile(temporary, mode));
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(target));
}

/** Whether a name is that of a file under way to one of some names: {@link replaceFile} leaves it when the process is killed. */
export function isHalfWritten(entry: string, names: readonly string[]): boolean {
  const end = /\.\d+$/.exec(entry);
  return end !== null && names.includes(entry.slice(0, end.index));
}

/** Makes sure that a renamed or new name is on the disk. Not every system can, and what was written is whole either way. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close().catch(() => undefined);
}

async function writeNew(path: string, content: Content, file: OutputFile): Promise<void> {
  try {
    const written = await writeAll(file, content);
    await file.sync();
    const { size } = await file.stat();
    if (size !== written) throw new Error(`${path} has ${size} of ${written} bytes after writing`);
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  // Some network file systems tell only now that there was no room.
  await file.close();
}

/** Writes until all bytes are there; returns how many. */
async function writeAll(file: OutputFile, content: Content): Promise<number> {
  let total = 0;
  for await (const piece of inPieces(asParts(content))) {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await file.write(piece.subarray(done));
      if (bytesWritten <= 0) throw new Error(`no more bytes are taken after ${total + done}`);
      done += bytesWritten;
    }
    total += piece.length;
  }
  return total;
}

function asParts(content: Content): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof content === 'string') return [Buffer.from(content)];
  return content instanceof Uint8Array ? [content] : content;
}
