import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { exists, isNear, isRunning } from './process-identity.js';
import { jsonIn } from './read-json.js';

const ownerSchema = z.object({
  /** Tells this lock from any other. Older versions wrote `pid` and `since` only. */
  token: z.string().optional(),
  pid: z.int().min(1),
  started: z.string().nullable().optional(),
  host: z.string().optional(),
  space: z.string().optional(),
  /** When it took the lock, in milliseconds since 1970. */
  since: z.number(),
});

/** Who has a lock, as its file says: a token, the process, and when it took it. */
export type LockOwner = z.infer<typeof ownerSchema>;

/** An owner elsewhere that has not written its lock for so long counts as gone. */
export const SILENT_MINUTES = 10;

/** The owner in a lock's text; undefined where it says nothing sensible. */
export function parseOwner(text: string): LockOwner | undefined {
  return ownerSchema.safeParse(jsonIn(text)).data;
}

/** The owner in a lock's file; undefined where there is none, or it says nothing sensible. */
export async function readOwner(path: string): Promise<LockOwner | undefined> {
  return parseOwner(await readFile(path, 'utf8').catch(() => ''));
}

/** Whether an owner is of this machine, since its boot and in the same container, so that its number tells which process it is. */
export function isLocal({ host, space = '' }: LockOwner): boolean {
  return host === undefined || isNear({ host, space });
}

/**
 * Whether an owner may still be at work.
 *
 * @param silence - milliseconds since it last wrote its lock: what counts where its number tells nothing.
 */
export function isAlive(owner: LockOwner, silence: number): boolean {
  const { pid, started = null, since, token } = owner;
  if (!isLocal(owner)) return silence < SILENT_MINUTES * 60_000;
  if (token !== undefined) return isRunning({ pid, started });
  // Of an older version: an earlier process may have had this one's number.
  return pid === process.pid ? since >= Date.now() - 1000 * process.uptime() : exists(pid);
}
