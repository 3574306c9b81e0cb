import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fail, messageOf } from '../util/error.js';
import { errorCode, removeIfThere } from '../util/files.js';

const ownerSchema = z.object({
  pid: z.int().min(1),
  /** When it took the lock, in milliseconds since 1970. */
  since: z.number(),
});

/**
 * Takes the lock of a run's folder, so that no other training of this machine writes there; returns how to give it back.
 * What a process that is gone has left doesn't block. A folder in use is an error that names the process.
 */
export async function lockRun(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'run.lock');
  const release = () => removeIfThere(path);
  if (await create(path)) return release;
  const owner = await readOwner(path);
  if (!owner || !isRunning(owner)) {
    await removeIfThere(path);
    if (await create(path)) return release;
  }
  return fail(folder, `${owner ? `process ${owner.pid}` : 'another process'} is training in this folder`, {
    hint: `Wait for it, stop it, or choose another folder (--out). If it is no training any more, remove ${path}`,
  });
}

/** Whether the lock was free. */
async function create(path: string): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify({ pid: process.pid, since: Date.now() }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    return fail(path, `can't be written: ${messageOf(error)}`, { hint: 'Choose another folder (--out)', cause: error });
  }
}

/** Who has the lock; undefined where the file says nothing sensible. */
async function readOwner(path: string): Promise<z.infer<typeof ownerSchema> | undefined> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function isRunning({ pid, since }: z.infer<typeof ownerSchema>): boolean {
  // An earlier process may have had this one's number: in a container every first process has the same.
  if (pid === process.pid) return since >= Date.now() - 1000 * process.uptime();
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
