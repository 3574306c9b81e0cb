import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { fail } from '../../util/error.js';
import { makeFolderOf, removeIfThere } from '../../util/files/files.js';
import { replaceFolder, temporaryBeside } from '../../util/files/write-folder.js';
import type { Connection } from '../server/connection.js';
import { filesKey, taskKey } from '../server/keys.js';
import { type Manifest, manifestSchema, readMessage } from '../server/messages.js';

/** A result that is there whole. */
export interface Result {
  readonly manifest: Manifest;
  /** Writes it, in the place of what is in this folder, whole or not at all. */
  write(folder: string): Promise<void>;
  /** Removes its files from the queue. */
  remove(): Promise<void>;
}

/** The result of a task; undefined where there is none, or it has been collected already. */
export async function findResult({ redis }: Connection, comparison: string, task: string): Promise<Result | undefined> {
  const [token, text] = await redis.hmget(taskKey(comparison, task), 'token', 'manifest');
  if (!token || !text) return undefined;
  const manifest = readMessage(manifestSchema, text, `the result of ${task}`);
  const key = filesKey(comparison, task, token);
  if ((await redis.exists(key)) === 0) return undefined;
  const chunkOf = async (name: string) => {
    return (await redis.hgetBuffer(key, name)) ?? fail('queue', `${task}: chunk ${name} of its result is missing`);
  };
  return {
    manifest,
    write: (folder) => writeResult(folder, manifest, chunkOf),
    remove: async () => void (await redis.unlink(key)),
  };
}

async function writeResult(folder: string, { files }: Manifest, chunkOf: (name: string) => Promise<Uint8Array>) {
  await makeFolderOf(folder);
  const written = await temporaryBeside(folder, folder);
  try {
    for (const [number, { path, bytes, chunks, sha256 }] of files.entries()) {
      const target = join(written, inside(path));
      await makeFolderOf(target);
      const hash = createHash('sha256');
      const file = await open(target, 'wx');
      try {
        let size = 0;
        for (let chunk = 0; chunk < chunks; chunk++) {
          const part = await chunkOf(`${number}.${chunk}`);
          hash.update(part);
          await writeAll(file, part);
          size += part.length;
        }
        await file.sync();
        if (size !== bytes || hash.digest('hex') !== sha256) fail(folder, `${path} has come damaged from the queue`);
      } finally {
        await file.close();
      }
    }
    await replaceFolder(folder, written);
  } finally {
    await removeIfThere(written);
  }
}

/** A write may take less than all of it. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length; ) from += (await file.write(bytes, from)).bytesWritten;
}

/** A path that leads out of its folder is an error. */
function inside(path: string): string {
  const normal = normalize(path);
  if (isAbsolute(path) || normal === '..' || normal.startsWith(`..${sep}`)) {
    fail('queue', 'a file of a result has a path out of its folder', { got: path });
  }
  return normal;
}
