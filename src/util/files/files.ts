import { existsSync } from 'node:fs';
import { appendFile, mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fail, messageOf } from '../error.js';
import { type Content, type OpenNew, replaceFile } from './write-whole.js';

/**
 * Writes a file whole or not at all: to a temporary name beside it, synced, then renamed (see {@link replaceFile}).
 * A full disk or a missing folder is an error that names the file; the old content stays.
 */
export async function writeFileWhole(path: string, content: Content, openFile?: OpenNew): Promise<void> {
  try {
    await replaceFile(path, content, openFile);
  } catch (error) {
    fail(path, `can't be written: ${messageOf(error)}`, { hint: hintFor(error), cause: error });
  }
}

/** Appends to a file, which is created if it isn't there, and syncs it. A failure, which names the file, may leave a part. */
export async function appendToFile(path: string, content: Uint8Array): Promise<void> {
  try {
    await appendFile(path, content, { flush: true });
  } catch (error) {
    fail(path, `can't be written: ${messageOf(error)}`, { hint: hintFor(error), cause: error });
  }
}

/** Creates the folder that a file goes to, if it isn't there. */
export async function makeFolderOf(path: string): Promise<void> {
  await makeFolders(dirname(path));
}

/**
 * Creates a folder and those above it that aren't there. Throws the system's own reason: on a read-only file system Node.js
 * says that a folder above is missing.
 */
export async function makeFolders(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await mkdir(firstMissing(resolve(folder)));
    await mkdir(folder, { recursive: true });
  }
}

function firstMissing(folder: string): string {
  const above = dirname(folder);
  return above === folder || existsSync(above) ? folder : firstMissing(above);
}

/** Removes a file or folder if it is there. */
export async function removeIfThere(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/** Removes a folder if it is there and nothing is in it. */
export async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}

/** Throws the error of a file or folder that can't be read, which says why; `what` is what it is read for (`class names`). */
export function failUnreadable(path: string, error: unknown, what?: string): never {
  return fail(path, `${what ? `${what} ` : ''}can't be read: ${messageOf(error)}`, { cause: error });
}

/** Throws the error of what is there, but is a device, a pipe or a folder. */
export function failIrregular(path: string): never {
  return fail(path, "can't be read: it isn't a regular file");
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC`, ...), if it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function hintFor(error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOSPC':
      return 'Free some disk space, or choose another folder';
    case 'ENOENT':
      return 'Create its folder first';
    case 'EACCES':
    case 'EROFS':
      return 'Choose a folder that you may write to';
    default:
      return 'What was there before is unchanged';
  }
}
