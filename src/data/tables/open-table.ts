import { basename, dirname, extname, join } from 'node:path';
import { fail } from '../../util/error.js';
import { formatList } from '../../util/format-list.js';
import type { Dataset } from '../dataset/dataset.js';
import { splitNamed } from '../dataset/split-names.js';
import { labelledDataset, type Reading, sortedByPath } from '../labelled/labelled-images.js';
import { extensionOf } from '../tree/file-names.js';
import type { FileTree } from '../tree/file-tree.js';
import { findColumns } from './columns.js';
import { readTable, TABLE_EXTENSIONS } from './read-table.js';
import { readTableImages, type TableImages } from './table-images.js';

/** Opens a CSV, TSV or JSON-lines file of paths, labels and, if it has them, splits. */
export async function openTable(tree: FileTree, path: string, reading: Reading = {}): Promise<Dataset> {
  return openTables(tree, { name: path, root: dirname(path), tables: [path] }, reading);
}

/** The tables of images in a folder; undefined where there are none. */
export async function findTables(tree: FileTree, folder: string): Promise<readonly string[] | undefined> {
  const { files } = await tree.readFolder(folder);
  const found: string[] = [];
  for (const name of files.filter((each) => TABLE_EXTENSIONS.includes(extensionOf(each)))) {
    if (await isOfImages(tree, join(folder, name))) found.push(name);
  }
  if (found.length > 1) {
    const named = found.filter((name) => splitNamed(basename(name, extname(name))));
    if (named.length > 1) return named.map((name) => join(folder, name));
    fail(folder, 'has several tables of images', { got: formatList(found), hint: 'Name the one to read' });
  }
  return found.length === 1 ? found.map((name) => join(folder, name)) : undefined;
}

/** Opens the tables of a folder, each of which may be of one split by its name: `train.csv`, `test.csv`. */
export async function openTables(
  tree: FileTree,
  { name, root, tables }: { readonly name: string; readonly root: string; readonly tables: readonly string[] },
  reading: Reading = {},
): Promise<Dataset> {
  const read: TableImages[] = [];
  for (const table of tables) {
    const split = tables.length > 1 ? splitNamed(basename(table, extname(table))) : undefined;
    read.push(await readTableImages(tree, table, { split, task: reading.task }));
  }
  const images = sortedByPath(read.flatMap((each) => each.images));
  const [skipped, notes] = [read.flatMap((each) => each.skipped), read.flatMap((each) => each.notes)];
  return labelledDataset({ kind: 'table', name, root, images, skipped, notes }, reading);
}

/** Whether a table has a header with columns of paths and labels. */
async function isOfImages(tree: FileTree, path: string): Promise<boolean> {
  try {
    const { header } = readTable(path, await tree.readFile(path));
    return header !== undefined && findColumns(header) !== undefined;
  } catch {
    return false;
  }
}
