import { join } from 'node:path';
import type { Dataset } from '../dataset/dataset.js';
import type { Reading } from '../labelled/labelled-images.js';
import { openParquet } from '../parquet/open-parquet.js';
import { findTables, openTables } from '../tables/open-table.js';
import { DISK } from '../tree/disk-tree.js';
import { extensionOf } from '../tree/file-names.js';
import { readArchive } from './archive.js';
import { hasClassFolders } from './split-folders.js';
import { type Shard, webdataset } from './webdataset.js';

/** So many folders below the one that is named may be around its parquet files. */
const MOST_NESTED = 3;

/** Opens a folder of parquet files, of a webdataset's tar files, or of tables of images. Undefined for one that has class folders, or none of these. */
export async function openFolderOfFiles(folder: string, reading: Reading = {}): Promise<Dataset | undefined> {
  const parquet = await filesOf('parquet', folder, MOST_NESTED);
  if (parquet.length > 0) return openParquet(folder, parquet, reading);
  const shards = await filesOf('tar', folder, 0);
  if (shards.length > 0) {
    const dataset = await webdataset(folder, await readShards(shards), reading);
    if (dataset) return dataset;
  }
  if (await hasClassFolders(DISK, folder)) return undefined;
  const tables = await findTables(DISK, folder);
  return tables && openTables(DISK, { name: folder, root: folder, tables }, reading);
}

async function filesOf(extension: string, folder: string, nested: number): Promise<string[]> {
  const { files, folders } = await DISK.readFolder(folder);
  const own = files.filter((name) => extensionOf(name) === extension).map((name) => join(folder, name));
  if (nested === 0 || folders.length > MOST_FOLDERS || files.length > own.length + FEW_OTHERS) return own;
  const below: string[] = [];
  for (const name of folders) below.push(...(await filesOf(extension, join(folder, name), nested - 1)));
  return [...own, ...below];
}

/** A folder with more folders, or more other files, is not searched any deeper. */
const MOST_FOLDERS = 8;
const FEW_OTHERS = 20;

async function readShards(paths: readonly string[]): Promise<Shard[]> {
  const shards: Shard[] = [];
  for (const path of paths) shards.push({ path, content: await readArchive(path, 'tar') });
  return shards;
}
