import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { fail, messageOf } from '../error.js';
import { makeFolderOf, makeFolders, removeIfThere, writeFileWhole } from './files.js';

export interface FolderKind {
  /** What it holds, as messages call it: `an artifact`. */
  readonly noun: string;
  /** The files that belong to a folder of this kind, by their paths in it; undefined where it is none. */
  ownFiles(folder: string): Promise<ReadonlySet<string> | undefined>;
}

/**
 * Writes a folder whole or not at all: to a temporary folder beside it, then renamed. A folder that is there already is replaced if
 * it is of the same kind, with no files of others in it, and `overwrite` says so; it is an error otherwise, unless it is empty.
 *
 * @param files - by their paths in the folder.
 */
export async function writeFolderWhole(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  kind: FolderKind,
  { overwrite = false }: { readonly overwrite?: boolean } = {},
): Promise<void> {
  const target = resolve(folder);
  await checkTarget(folder, kind, overwrite);
  const written = await temporaryBeside(target, folder);
  try {
    for (const [path, content] of files) {
      await makeFolderOf(join(written, path));
      await writeFileWhole(join(written, path), content);
    }
    await replaceFolder(target, written);
  } finally {
    await removeIfThere(written);
  }
}

/** What the names of the folders begin with that {@link writeFolderWhole} leaves beside its own when the process is killed. */
export function temporaryPrefix(folder: string): string {
  return `.${basename(resolve(folder))}-`;
}

async function checkTarget(folder: string, { noun, ownFiles }: FolderKind, overwrite: boolean): Promise<void> {
  if (!existsSync(folder)) return;
  const names = await readdir(folder).catch((error: unknown) => {
    return fail(folder, `can't be a folder for ${noun}: ${messageOf(error)}`, { cause: error });
  });
  if (names.length === 0) return;
  const own = await ownFiles(folder);
  if (!own) return fail(folder, `other files than ${noun} are in this folder`, { hint: 'Choose another (--out)' });
  if (!overwrite) {
    fail(folder, `there is ${noun} in this folder`, {
      hint: 'Replace it (--overwrite), or choose another folder (--out)',
    });
  }
  const isOwn = (path: string) => [...own].some((file) => file === path || file.startsWith(`${path}/`));
  const paths = (await readdir(folder, { recursive: true })).map((path) => path.split(sep).join('/'));
  const foreign = paths.find((path) => !isOwn(path));
  if (foreign === undefined) return;
  fail(folder, `"${foreign}" is in this folder and is no part of ${noun}`, {
    hint: 'Move it away, or choose another folder (--out)',
  });
}

/** A new folder for what will be in the place of `target`. */
export async function temporaryBeside(target: string, folder: string): Promise<string> {
  const path = join(dirname(target), `${temporaryPrefix(target)}${randomUUID()}`);
  try {
    await makeFolders(path);
    return path;
  } catch (error) {
    return fail(folder, `can't be created: ${messageOf(error)}`, {
      hint: 'Choose another folder (--out)',
      cause: error,
    });
  }
}

/** Puts a folder in the place of another, which is moved aside until then. */
export async function replaceFolder(target: string, written: string): Promise<void> {
  const old = `${written}.old`;
  const wasThere = existsSync(target);
  if (wasThere) await rename(target, old);
  try {
    await rename(written, target);
  } catch (error) {
    if (wasThere) await rename(old, target);
    throw error;
  }
  await removeIfThere(old);
}
