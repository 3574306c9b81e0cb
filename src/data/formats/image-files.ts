import { join } from 'node:path';
import { fail } from '../../util/error.js';
import type { SkippedFile } from '../dataset/dataset.js';
import { isRawName, isReadName } from '../tree/file-names.js';
import type { FileTree } from '../tree/file-tree.js';

/** What is below a folder. */
export interface FoundImages {
  readonly paths: string[];
  readonly skipped: SkippedFile[];
  /** What the system put there, at any depth. */
  readonly system: string[];
  /** The names of the folders in it. */
  readonly folders: readonly string[];
}

/** The image files below a folder, at any depth, sorted; other files are listed with the reason. */
export async function findImages(tree: FileTree, folder: string, depth = 0): Promise<FoundImages> {
  const { folders, files, odd, system } = await tree.readFolder(folder);
  const at = (name: string) => join(folder, name);
  const paths: string[] = [];
  const skipped: SkippedFile[] = [];
  const found = { paths, skipped, system: system.map(at), folders };
  for (const name of files) {
    const reason = await reasonToSkip(tree, at(name));
    if (reason === undefined) found.paths.push(at(name));
    else found.skipped.push({ path: at(name), reason });
  }
  found.skipped.push(...odd.map(({ name, reason }) => ({ path: at(name), reason })));
  if (depth === MOST_NESTED && folders.length > 0) fail(folder, 'is nested too deeply', { hint: LOOP_HINT });
  for (const name of folders) {
    const below = await findImages(tree, at(name), depth + 1);
    // One by one: a folder may hold more than a call takes arguments
    for (const path of below.paths) found.paths.push(path);
    for (const file of below.skipped) found.skipped.push(file);
    for (const path of below.system) found.system.push(path);
  }
  return found;
}

const MOST_NESTED = 16;
const LOOP_HINT = 'A link in it may lead back to a folder above it';

/** Why a file is no image that is read, as far as its name and its first bytes tell; undefined for one that may be. */
async function reasonToSkip(tree: FileTree, path: string): Promise<string | undefined> {
  if (isReadName(path)) return undefined;
  const kind = await tree.kindOf(path);
  if ('reason' in kind) return kind.reason;
  if (!isRawName(path)) return undefined;
  return 'a raw image of a camera: convert it to JPEG or PNG';
}
