import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fail, messageOf } from '../util/error.js';
import { makeFolderOf, removeIfThere, writeFileWhole } from '../util/files.js';
import type { ArtifactContent } from './create.js';
import { formatManifest, MANIFEST_FILE } from './manifest.js';

/**
 * Writes an artifact's folder whole or not at all: to a temporary folder beside it, then renamed. A folder that is there already
 * is replaced if it holds an artifact and `overwrite` says so, and is an error otherwise, unless it is empty.
 */
export async function writeArtifact(
  folder: string,
  { manifest, files }: ArtifactContent,
  { overwrite = false }: { readonly overwrite?: boolean } = {},
): Promise<void> {
  const target = resolve(folder);
  await checkTarget(folder, overwrite);
  const written = await temporaryBeside(target, folder);
  try {
    for (const [path, bytes] of files) {
      await makeFolderOf(join(written, path));
      await writeFileWhole(join(written, path), bytes);
    }
    await writeFileWhole(join(written, MANIFEST_FILE), formatManifest(manifest));
    await replace(target, written);
  } finally {
    await removeIfThere(written);
  }
}

/** What the names of the folders begin with that {@link writeArtifact} leaves beside its own when the process is killed. */
export function temporaryPrefix(folder: string): string {
  return `.${basename(resolve(folder))}-`;
}

async function checkTarget(folder: string, overwrite: boolean): Promise<void> {
  if (!existsSync(folder)) return;
  const names = await readdir(folder).catch((error: unknown) => {
    return fail(folder, `can't be a folder for an artifact: ${messageOf(error)}`, { cause: error });
  });
  if (names.length === 0) return;
  if (!names.includes(MANIFEST_FILE))
    fail(folder, 'other files are in this folder', { hint: 'Choose another (--out)' });
  if (overwrite) return;
  fail(folder, 'there is an artifact in this folder', {
    hint: 'Replace it (--overwrite), or choose another folder (--out)',
  });
}

async function temporaryBeside(target: string, folder: string): Promise<string> {
  const path = join(dirname(target), `${temporaryPrefix(target)}${randomUUID()}`);
  try {
    await mkdir(path, { recursive: true });
    return path;
  } catch (error) {
    return fail(folder, `can't be created: ${messageOf(error)}`, {
      hint: 'Choose another folder (--out)',
      cause: error,
    });
  }
}

/** Puts a folder in the place of another, which is moved aside until then. */
async function replace(target: string, written: string): Promise<void> {
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
