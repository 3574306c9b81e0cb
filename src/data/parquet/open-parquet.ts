import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Dataset, SplitName } from '../dataset/dataset.js';
import { splitNamed } from '../dataset/split-names.js';
import { labelledDataset, type Reading } from '../labelled/labelled-images.js';
import { type ParquetImages, readParquet } from './read-parquet.js';

/** What this process has read, by file, size and time: what was unpacked of it is there as long as the process is. */
const known = new Map<string, Promise<ParquetImages>>();

/** Opens parquet files of images and labels: one, or those of a folder, whose names say which split they are of. */
export async function openParquet(name: string, files: readonly string[], reading: Reading = {}): Promise<Dataset> {
  const read: ParquetImages[] = [];
  for (const file of files) {
    const inSet = relative(name, file);
    const prefix = join(name, inSet === '' ? 'row ' : `${inSet}, row `);
    read.push(await readOnce(file, prefix, files.length > 1 ? splitOf(inSet) : undefined, reading.task));
  }
  const [images, skipped] = [read.flatMap((each) => each.images), read.flatMap((each) => each.skipped)];
  const notes = [...new Set(read.flatMap((each) => each.notes))];
  return labelledDataset({ kind: 'parquet', name, root: name, images, skipped, notes }, reading);
}

/** The split that a file is of: by what its name begins with (`train-00000-of-00002.parquet`), or by its folder (`train/0000.parquet`). */
function splitOf(path: string): SplitName | undefined {
  const parts = path.split(/[/\\]/).reverse();
  return parts.map((part) => splitNamed(/^[a-z]+/i.exec(part)?.[0] ?? '')).find((split) => split !== undefined);
}

async function readOnce(
  file: string,
  prefix: string,
  split: SplitName | undefined,
  task: Reading['task'],
): Promise<ParquetImages> {
  const { size, mtimeMs } = await stat(file);
  const key = JSON.stringify([resolve(file), size, mtimeMs, prefix, split, task]);
  const read = known.get(key) ?? readParquet(file, prefix, split, task);
  known.set(key, read);
  read.catch(() => known.delete(key));
  return read;
}
