import { stat } from 'node:fs/promises';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { AgonError, fail, messageOf } from '../../util/error.js';
import { UnnamedFile } from '../archives/unnamed-file.js';
import type { SkippedFile, SplitName, StoredImage } from '../dataset/dataset.js';
import { LARGEST_STORED, readStored } from '../image/stored-image.js';
import type { LabelledImage, Reading } from '../labelled/labelled-images.js';
import { labelsIn } from '../tables/labels.js';
import { checkPages, chunkRange } from './check-pages.js';
import { type ParquetColumns, parquetColumns } from './columns.js';

/** The images of a parquet file in the order of its rows. */
export interface ParquetImages {
  readonly images: readonly LabelledImage[];
  readonly skipped: readonly SkippedFile[];
  readonly notes: readonly string[];
}

/**
 * Reads where the images of a parquet file are, and their labels, a row group at a time. Images in pages without compression stay where
 * they are; others are unpacked to an unnamed file. `prefix` is what the images' names begin with.
 */
export async function readParquet(
  path: string,
  prefix: string,
  split: SplitName | undefined,
  task?: Reading['task'],
): Promise<ParquetImages> {
  try {
    const file = await openBuffer(path);
    const metadata = await parquetMetadataAsync(file.buffer);
    const columns = parquetColumns(path, metadata);
    return { ...(await readGroups(file, metadata, columns, { prefix, split, task })), notes: columns.notes };
  } catch (error) {
    if (error instanceof AgonError) throw error;
    return fail(path, `can't be read as parquet: ${messageOf(error)}`, {
      hint: 'It is cut short or damaged: fetch it again',
      cause: error,
    });
  }
}

interface ParquetFile {
  readonly path: string;
  readonly buffer: AsyncBuffer;
  /** Where in the file bytes that were read from it begin; undefined for bytes that were made of them. */
  offsetOf(bytes: Uint8Array): number | undefined;
}

async function openBuffer(path: string): Promise<ParquetFile> {
  const { size } = await stat(path);
  const origins = new WeakMap<ArrayBufferLike, number>();
  const slice = async (start: number, end = size) => {
    if (!(start >= 0 && start <= end && end <= size)) throw new Error(`bytes ${start} to ${end} are not in it`);
    const bytes = await readStored({ file: path, offset: start, length: end - start });
    const buffer = new Uint8Array(bytes).buffer;
    origins.set(buffer, start);
    return buffer;
  };
  const offsetOf = (bytes: Uint8Array) => {
    const origin = origins.get(bytes.buffer);
    return origin === undefined ? undefined : origin + bytes.byteOffset;
  };
  return { path, buffer: { byteLength: size, slice }, offsetOf };
}

async function readGroups(
  file: ParquetFile,
  metadata: FileMetaData,
  { image, label, names }: ParquetColumns,
  { prefix, split, task }: { readonly prefix: string; readonly split: SplitName | undefined } & Pick<Reading, 'task'>,
): Promise<Omit<ParquetImages, 'notes'>> {
  const images: LabelledImage[] = [];
  const skipped: SkippedFile[] = [];
  const place = placing(file);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    if (!(rowEnd >= rowStart && rowEnd <= file.buffer.byteLength)) throw new Error(`it can't have ${rowEnd} rows`);
    for (const chunk of group.columns) {
      if (![image, label].includes(chunk.meta_data?.path_in_schema[0] ?? '')) continue;
      const { start, end } = chunkRange(chunk);
      checkPages(await file.buffer.slice(start, end), chunk);
    }
    const options = { file: file.buffer, metadata, columns: [image, label], utf8: false, compressors };
    const rows: Record<string, unknown>[] = await parquetReadObjects({ ...options, rowStart, rowEnd });
    for (const [i, row] of rows.entries()) {
      const path = `${prefix}${rowStart + i}`;
      const bytes = bytesOf(row[image]);
      const labels = labelsOf(row[label], names);
      const reason = reasonToSkip(bytes, task === 'multi-label' ? undefined : labels);
      if (bytes && !reason) images.push({ path, labels, split, stored: await place(bytes) });
      else skipped.push({ path, reason: reason ?? '' });
    }
    rowStart = rowEnd;
  }
  return { images, skipped };
}

function reasonToSkip(bytes: Uint8Array | undefined, labels: readonly string[] | undefined): string | undefined {
  if (!bytes || bytes.length === 0) return 'the row has no bytes of an image';
  if (bytes.length > LARGEST_STORED) return `it has more than ${LARGEST_STORED / 2 ** 20} MiB`;
  return labels?.length === 0 ? 'the row has no label' : undefined;
}

function placing(file: ParquetFile): (bytes: Uint8Array) => Promise<StoredImage> {
  let unpacked: UnnamedFile | undefined;
  return async (bytes) => {
    const { length } = bytes;
    const offset = file.offsetOf(bytes);
    if (offset !== undefined) return { file: file.path, offset, length };
    unpacked ??= await UnnamedFile.open(file.path);
    return { file: unpacked.descriptor, offset: await unpacked.append(bytes), length };
  };
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return undefined;
  return value.bytes instanceof Uint8Array ? value.bytes : undefined;
}

/** Numbers stand for the names of classes, where there are names; those that stand for none are no labels. */
function labelsOf(value: unknown, names: readonly string[] | undefined): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((each) => labelsOf(each, names)))];
  if (value instanceof Uint8Array) return labelsIn([Buffer.from(value).toString('utf8')]);
  if (typeof value !== 'number' && typeof value !== 'bigint') return labelsIn([value]);
  if (value < 0) return [];
  return labelsIn([names ? names[Number(value)] : value]);
}
