import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AgonError, fail, messageOf } from '../util/error.js';
import { errorCode, makeFolderOf } from '../util/files/files.js';
import { syncFolder } from '../util/files/write-whole.js';
import { publicAddress } from '../util/printable.js';
import type { Environment } from './environment.js';
import { type Answer, reasonOf, request, Unreachable } from './http.js';
import { failStatus } from './status.js';

/** Attempts in a row that bring nothing. */
const ATTEMPTS = 5;

/** What is known of a file before it is fetched, and who is told how far it is. */
export interface DownloadOptions {
  readonly env: Environment;
  /** In bytes. */
  readonly size?: number | undefined;
  /** In hexadecimal digits: of the whole checksum, or its first ones. */
  readonly sha256?: string | undefined;
  /** The server's ETag, in quotes where it is a strong one: with that a part is asked for. */
  readonly etag?: string | undefined;
  /** Whether the target's name tells the content. Without that, a checksum and a strong ETag nothing is resumed. */
  readonly namedByContent?: boolean | undefined;
  readonly onProgress?: ((bytes: number, total: number | undefined) => void) | undefined;
  /** Milliseconds before the second attempt that follows one in vain, doubled each time. */
  readonly pause?: number | undefined;
}

/** The connection ended before the file did. */
class Cut extends Error {}

/**
 * Fetches a file to where it is to be, whole or not at all: to `<target>.incomplete`, from which a later call goes on where this one is cut,
 * and renamed when size and checksum are as they should be. Returns its SHA-256.
 */
export async function download(url: string, target: string, options: DownloadOptions): Promise<string> {
  const partial = `${target}.incomplete`;
  await makeFolderOf(partial).catch((error: unknown) => failToWrite(partial, error));
  const resumable = options.namedByContent || options.sha256 !== undefined || isStrong(options.etag);
  if (!resumable) await rm(partial, { force: true });
  await fetchAll(url, partial, options, resumable);
  const sha256 = await sha256Of(partial);
  if (options.sha256 !== undefined && !sha256.startsWith(options.sha256.toLowerCase())) {
    await rm(partial, { force: true });
    fail(publicAddress(url), 'what was fetched has a wrong checksum', {
      expected: `SHA-256 ${options.sha256}`,
      got: sha256.slice(0, Math.max(16, options.sha256.length)),
      hint: 'It was changed or damaged on the way, and is removed: try again; from a mirror, ask who keeps it',
    });
  }
  await rename(partial, target).catch((error: unknown) => failToWrite(target, error));
  await syncFolder(dirname(target));
  return sha256;
}

/** The SHA-256 of a file, in hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function fetchAll(url: string, partial: string, options: DownloadOptions, resumable: boolean): Promise<void> {
  const { pause = 1000 } = options;
  let [vain, before] = [0, await sizeOf(partial)];
  for (;;) {
    try {
      return await fetchRest(url, partial, options);
    } catch (error) {
      if (!(error instanceof Cut) && !(error instanceof Unreachable && before > 0)) throw error;
      const done = resumable ? await sizeOf(partial) : 0;
      vain = done > before ? 0 : vain + 1;
      before = done;
      if (!resumable) await rm(partial, { force: true });
      if (vain >= ATTEMPTS) failCut(url, error, done);
      if (vain > 0) await wait(pause * 2 ** (vain - 1));
    }
  }
}

function failCut(url: string, error: unknown, done: number): never {
  const hint = done > 0 ? `Try again: it goes on after the ${done} bytes that are there` : 'Try again';
  fail(publicAddress(url), `the connection was cut, ${ATTEMPTS} times in a row: ${reasonOf(error)}`, {
    hint,
    cause: error,
  });
}

async function fetchRest(url: string, partial: string, options: DownloadOptions): Promise<void> {
  const done = await sizeOf(partial);
  if (done > 0 && done === options.size) return;
  const headers = done > 0 ? { range: `bytes=${done}-`, ...ifRange(options.etag) } : {};
  const answer = await request(url, { headers, env: options.env });
  if (answer.status === 416) {
    await answer.discard();
    await rm(partial, { force: true });
    throw new Cut('the server has no such part of the file');
  }
  if (answer.status >= 500 || answer.status === 429) {
    if (done > 0) throw new Cut(`the server answers ${answer.status}`);
  }
  if (answer.status !== 200 && answer.status !== 206) return failStatus(url, answer, options.env);
  const from = answer.status === 206 ? partOf(answer, done) : 0;
  await receive(answer, partial, from, options);
}

function ifRange(etag: string | undefined): Record<string, string> {
  return etag !== undefined && isStrong(etag) ? { 'if-range': etag } : {};
}

function isStrong(etag: string | undefined): boolean {
  return etag?.startsWith('"') ?? false;
}

/** Where an answer's part begins. */
function partOf({ header, url }: Answer, done: number): number {
  const [, from] = /^bytes (\d+)-/.exec(header('content-range') ?? '') ?? [];
  if (Number(from) === done) return done;
  return fail(publicAddress(url), 'the server sends another part than it was asked for', {
    expected: `from byte ${done}`,
    got: from ?? 'none',
  });
}

async function receive(answer: Answer, partial: string, from: number, options: DownloadOptions): Promise<void> {
  const length = answer.header('content-length');
  const total = options.size ?? (length === undefined ? undefined : from + Number(length));
  const file = await openAt(partial, from);
  try {
    await checkRoom(partial, (total ?? 0) - from);
    const end = await writeBody(answer, file, from, (bytes) => options.onProgress?.(bytes, total));
    if (total !== undefined && end !== total) await checkEnd(answer.url, partial, end, total);
    await file.sync();
  } finally {
    await answer.discard();
    await file.close();
  }
}

async function openAt(partial: string, from: number): Promise<FileHandle> {
  try {
    return await open(partial, from > 0 ? 'a' : 'w');
  } catch (error) {
    return failToWrite(partial, error);
  }
}

/** Fewer bytes are those of a cut connection; more are of another file. */
async function checkEnd(url: string, partial: string, end: number, total: number): Promise<void> {
  if (end < total) throw new Cut(`it ends after ${end} of ${total} bytes`);
  await rm(partial, { force: true });
  fail(publicAddress(url), 'more bytes came than the file has', {
    expected: String(total),
    got: String(end),
    hint: 'Try again',
  });
}

async function writeBody(
  { body }: Answer,
  file: FileHandle,
  from: number,
  onProgress: (bytes: number) => void,
): Promise<number> {
  let end = from;
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await chunks.next().catch((error: unknown) => {
      throw new Cut(reasonOf(error), { cause: error });
    });
    if (done) return end;
    await file.appendFile(value).catch((error: unknown) => failFull(file, error));
    end += value.length;
    onProgress(end);
  }
}

async function failFull(file: FileHandle, error: unknown): Promise<never> {
  await file.truncate(0).catch(() => undefined);
  return failToWrite('the cache of weights', error);
}

/** Fails where the disk has no room for so many bytes more. */
async function checkRoom(path: string, bytes: number): Promise<void> {
  const free = await statfs(dirname(path)).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Number.POSITIVE_INFINITY,
  );
  if (bytes <= free) return;
  fail(dirname(path), 'the disk has no room for the file', { expected: `${bytes} bytes`, got: `${free}`, hint: ROOM });
}

const ROOM = 'Free some disk space, or choose another folder (HF_HOME, for all that comes from the hub)';

function failToWrite(path: string, error: unknown): never {
  if (error instanceof AgonError) throw error;
  const hint = errorCode(error) === 'ENOSPC' ? ROOM : 'Choose a folder that you may write to (HF_HOME)';
  fail(path, `can't be written: ${messageOf(error)}`, { hint, cause: error });
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
