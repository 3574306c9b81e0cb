import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { makeFolderOf } from '../util/files/files.js';
import { type FolderLock, lockFolder } from '../util/files/folder-lock.js';

const LOOK_AGAIN = 500;
/** Milliseconds for which another process may bring nothing. */
const PATIENCE = 120_000;

/** Fetches a file unless it is there by then; where another process fetches it, waits for that. */
export async function oneAtATime(path: string, fetch: () => Promise<void>): Promise<void> {
  const lock = await lockUnlessThere(path);
  try {
    if (!existsSync(path)) await fetch();
  } finally {
    await lock?.release();
  }
}

/** The lock, when no other process has it any more; undefined when the file is there. */
async function lockUnlessThere(path: string): Promise<FolderLock | undefined> {
  const lockFile = `${path}.lock`;
  await makeFolderOf(lockFile);
  const watch = { size: -1, since: Date.now() };
  while (!existsSync(path)) {
    try {
      return await lockFolder(lockFile, { verb: 'fetches a file', noun: 'download' });
    } catch (error) {
      if (!existsSync(lockFile) || (await isStuck(`${path}.incomplete`, watch))) throw error;
      await wait(LOOK_AGAIN);
    }
  }
  return undefined;
}

async function isStuck(partial: string, watch: { size: number; since: number }): Promise<boolean> {
  const size = await stat(partial).then(
    (status) => status.size,
    () => 0,
  );
  if (size === watch.size) return Date.now() - watch.since > PATIENCE;
  Object.assign(watch, { size, since: Date.now() });
  return false;
}
