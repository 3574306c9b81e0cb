import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../util/error.js';
import { archiveTree } from '../archives/archive-tree.js';
import type { ArchiveContent } from '../archives/entry.js';
import { gunzipFile } from '../archives/gunzip.js';
import { readTar } from '../archives/tar.js';
import { readZip } from '../archives/zip.js';
import type { Dataset, DatasetKind } from '../dataset/dataset.js';
import { splitNamed } from '../dataset/split-names.js';
import type { Reading } from '../labelled/labelled-images.js';
import { findTables, openTables } from '../tables/open-table.js';
import { isImageName } from '../tree/file-names.js';
import type { FileTree } from '../tree/file-tree.js';
import { openImageFolder } from './image-folder.js';
import { openMeasuredFolder } from './measured-folder.js';
import { hasClassFolders } from './split-folders.js';
import { webdataset } from './webdataset.js';

export type ArchiveType = 'zip' | 'tar' | 'tar.gz';

/**
 * Opens an archive of class folders, of a table and its images, or of a webdataset's pairs, and leaves it packed. Folders around all of it
 * are left out of the paths. Of a gzipped one, an unnamed file holds what it unpacks to.
 */
export async function openArchive(path: string, type: ArchiveType, reading: Reading = {}): Promise<Dataset> {
  const content = await readArchive(path, type);
  const pairs = await webdataset(path, [{ path, content }], reading);
  if (pairs) return pairs;
  const { tree, skipped } = archiveTree(path, content);
  const opened = await openTree(await belowCommonFolders(tree, path), path, reading);
  if (!opened) return failEmpty(path, content);
  const kind: DatasetKind = type === 'zip' ? 'zip' : 'tar';
  return { ...opened, kind: opened.kind === 'table' ? 'table' : kind, skipped: [...skipped, ...opened.skipped] };
}

/** What a zip or tar file holds. */
export async function readArchive(path: string, type: ArchiveType): Promise<ArchiveContent> {
  if (type === 'zip') return readZip(path);
  if (type === 'tar') return readTar({ path, file: path, size: (await stat(path)).size });
  const { descriptor, size } = await gunzipFile(path);
  return readTar({ path, file: descriptor, size });
}

async function openTree(tree: FileTree, root: string, reading: Reading): Promise<Dataset | undefined> {
  if (!(await hasClassFolders(tree, root))) {
    const tables = await findTables(tree, root);
    if (tables) return openTables(tree, { name: root, root, tables }, reading);
  }
  return reading.measuring ? openMeasuredFolder(tree, root) : openImageFolder(tree, root);
}

function failEmpty(path: string, { entries }: ArchiveContent): never {
  const names = entries.map(({ name }) => name);
  return fail(path, 'no data set was found in this archive', {
    expected: 'folders of images, one for each class; a table of images and labels; or pairs such as 1.jpg and 1.cls',
    got:
      names.length === 0
        ? 'no files'
        : `${names.length} files: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`,
  });
}

/** A tree without the folders that hold all the rest, such as the one that is named like the archive. */
async function belowCommonFolders(tree: FileTree, root: string): Promise<FileTree> {
  let common = root;
  for (;;) {
    const { folders, files } = await tree.readFolder(common);
    const [only] = folders;
    if (only === undefined || folders.length > 1 || splitNamed(only) || files.some(isImageName)) break;
    if (!(await holdsMore(tree, common, only))) break;
    common = join(common, only);
  }
  return common === root ? tree : rebased(tree, root, common);
}

/** Whether the only folder of another is one around the data, and neither a class nor the images of a table beside it. */
async function holdsMore(tree: FileTree, folder: string, only: string): Promise<boolean> {
  if (await findTables(tree, folder)) return false;
  const { folders } = await tree.readFolder(join(folder, only));
  return folders.length > 0 || (await findTables(tree, join(folder, only))) !== undefined;
}

/** A tree whose root is a folder in another. */
function rebased(tree: FileTree, root: string, folder: string): FileTree {
  const inner = (path: string) => folder + path.slice(root.length);
  return {
    readFolder: (path) => tree.readFolder(inner(path)),
    kindOf: (path) => tree.kindOf(inner(path)),
    readFile: (path) => tree.readFile(inner(path)),
    hasFile: (path) => tree.hasFile(inner(path)),
    stored: (path) => tree.stored(inner(path)),
  };
}
