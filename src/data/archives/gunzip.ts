import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { fail } from '../../util/error.js';
import { UnnamedFile } from './unnamed-file.js';

/** What unpacks to more than this many times its size is refused; and small files may unpack to this many bytes. */
const LARGEST_FACTOR = 200;
const ALWAYS_ALLOWED = 2 ** 24;

/** Files that this process has unpacked, by path, size and time: opened again, they needn't be unpacked again. */
const unpacked = new Map<string, UnnamedFile>();

/** An unnamed file with what a gzip file unpacks to. A damaged one, or a bomb, is an error that names it. */
export async function gunzipFile(path: string): Promise<UnnamedFile> {
  const { size, mtimeMs } = await stat(path);
  const key = `${resolve(path)} ${size} ${mtimeMs}`;
  const file = unpacked.get(key) ?? (await unpack(path, size));
  unpacked.set(key, file);
  return file;
}

async function unpack(path: string, size: number): Promise<UnnamedFile> {
  const most = Math.max(ALWAYS_ALLOWED, LARGEST_FACTOR * size);
  const file = await UnnamedFile.open(path);
  try {
    // An error of either stream ends the loop below
    const chunks = pipeline(createReadStream(path), createGunzip(), () => {});
    for await (const chunk of chunks) {
      if (file.size + chunk.length > most) fail(path, `unpacks to more than ${LARGEST_FACTOR} times its size`);
      await file.append(chunk);
    }
    return file;
  } catch (error) {
    await file.close();
    if (!isDamage(error)) throw error;
    return fail(path, 'its gzip data are cut short or damaged', { hint: 'Copy or pack it again', cause: error });
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^Z_/.test(String(error.code));
}
