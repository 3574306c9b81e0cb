import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
// biome-ignore lint/suspicious/noDeprecatedImports: only another form of `glob` is deprecated
import { glob, isDynamicPattern } from 'tinyglobby';
import { messageOf, present } from '../../util/error.js';
import { archiveTree } from '../archives/archive-tree.js';
import type { ImageFile } from '../dataset/dataset.js';
import { DISK } from '../tree/disk-tree.js';
import { isImageName } from '../tree/file-names.js';
import { type ArchiveType, readArchive } from './archive.js';
import { fileTypeOf } from './file-type.js';
import { findImages } from './image-files.js';

interface NamedFiles {
  readonly files: readonly ImageFile[];
  /** How many other files there are, which are left out. */
  readonly others: number;
}

/** Image files that were named one by one, by folder or by pattern; or what is wrong with one of those names. */
export type NamedImages = NamedFiles | { readonly error: string };

/** What a name stands for: a folder or an archive for the images in it, a pattern such as `photos/*.jpg` for those that match it. */
export async function imagesNamed(name: string): Promise<NamedImages> {
  const info = await stat(name).catch(() => undefined);
  if (info?.isDirectory()) return inFolder(name).catch(asError);
  if (info?.isFile()) {
    const type = await archiveTypeOf(name);
    if (!type) return { files: [name], others: 0 };
    return inArchive(name, type).catch(asError);
  }
  if (info || !isDynamicPattern(name)) return { files: [name], others: 0 };
  const matches = await glob([name], { absolute: isAbsolute(name), expandDirectories: false });
  const files = matches.filter(isImageName).sort((a, b) => (a < b ? -1 : 1));
  return files.length > 0
    ? { files, others: matches.length - files.length }
    : { error: 'no image matches this pattern' };
}

function asError(error: unknown): { readonly error: string } {
  return { error: messageOf(error) };
}

async function inFolder(folder: string): Promise<NamedImages> {
  const { paths, skipped } = await findImages(DISK, folder);
  return paths.length > 0 ? { files: paths, others: skipped.length } : { error: 'there is no image in this folder' };
}

/** Image files are told by their first bytes when they are read, so that here only archives matter. */
async function archiveTypeOf(path: string): Promise<ArchiveType | undefined> {
  if (isImageName(path)) return undefined;
  const type = await fileTypeOf(path).catch(() => undefined);
  return type === 'parquet' || type === 'table' ? undefined : type;
}

async function inArchive(archive: string, type: ArchiveType): Promise<NamedImages> {
  const { tree, skipped } = archiveTree(archive, await readArchive(archive, type));
  const found = await findImages(tree, archive);
  const files = found.paths.map((name) => ({ name, stored: present(tree.stored(name), name) }));
  return files.length > 0
    ? { files, others: skipped.length + found.skipped.length }
    : { error: 'there is no image in this archive' };
}
