import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Claim, type CommitOutcome, commitResult, sendChunk } from '../server/claim.js';
import type { Connection, OnTrouble } from '../server/connection.js';
import { isFull } from '../server/full.js';
import { filesKey } from '../server/keys.js';
import { type Manifest, MESSAGES } from '../server/messages.js';

const CHUNK_BYTES = 2 ** 20;
/** Waits while the server's memory is full, in milliseconds: from the first to the longest. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
/** What belongs to the process that trained. */
const NOT_SENT = /^run\.lock/;

/** How sending ended: as the commit did, or it was given up. */
export type Sent = Exclude<CommitOutcome, 'partial'> | 'given up';

export interface SendOptions {
  readonly worker: string;
  readonly onTrouble: OnTrouble;
  /** Whether not to wait any longer for room in the server's memory. */
  readonly givenUp: () => boolean;
}

/**
 * Sends the files of a run's folder, and then makes them the task's result, in one step. While the server's memory is full it takes back what
 * it has sent, so that others get through, and tries again.
 */
export async function sendResult(
  connection: Connection,
  claim: Claim,
  folder: string,
  { worker, onTrouble, givenUp }: SendOptions,
): Promise<Sent> {
  for (let pause = FIRST_WAIT; ; pause = Math.min(2 * pause, LONGEST_WAIT)) {
    try {
      const sent = await sendOnce(connection, claim, folder, worker);
      if (sent !== 'partial') return sent;
    } catch (error) {
      if (!isFull(error)) throw error;
      await connection.redis.unlink(filesKey(claim.comparison, claim.task, claim.token));
      if (pause === FIRST_WAIT) onTrouble(`${claim.task}: the queue's memory is full: waiting for room for the result`);
    }
    // Of several that wait, no two at the same time
    if (!(await waitUnless(givenUp, pause * (0.5 + Math.random())))) return 'given up';
  }
}

async function sendOnce(connection: Connection, claim: Claim, folder: string, worker: string): Promise<CommitOutcome> {
  const files: Manifest['files'] = [];
  for (const path of await filesIn(folder)) {
    const sent = await sendFile(connection, claim, { path: join(folder, path), number: files.length });
    if (!sent) return 'late';
    files.push({ path: path.split(sep).join('/'), ...sent });
  }
  return commitResult(connection, claim, { version: MESSAGES, worker, files });
}

async function sendFile(connection: Connection, claim: Claim, { path, number }: { path: string; number: number }) {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    let [bytes, chunks] = [0, 0];
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return { bytes, chunks, sha256: hash.digest('hex') };
      const part = buffer.subarray(0, bytesRead);
      hash.update(part);
      if (!(await sendChunk(connection, claim, `${number}.${chunks}`, part))) return undefined;
      bytes += bytesRead;
      chunks++;
    }
  } finally {
    await file.close();
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !NOT_SENT.test(path))
    .sort();
}

/** Waits so long; false where it was given up meanwhile. */
async function waitUnless(givenUp: () => boolean, milliseconds: number): Promise<boolean> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await wait(100)) {
    if (givenUp()) return false;
  }
  return !givenUp();
}
