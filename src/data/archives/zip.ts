import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { AgonError, fail, messageOf } from '../../util/error.js';
import type { SkippedFile } from '../dataset/dataset.js';
import { type ArchiveContent, type ArchiveEntry, MOST_ENTRIES } from './entry.js';

const DEFLATED = 8;
const STORED = 0;
/** The bits of a Unix mode that say what a file is, and those of a symbolic link. */
const [FILE_TYPE, LINK] = [0o170000, 0o120000];

/** The files in a zip file by where their bytes are: its directory alone is read. Damage is an error that names the file. */
export async function readZip(path: string): Promise<ArchiveContent> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { autoClose: false });
    return await readDirectory(zip, path);
  } catch (error) {
    if (error instanceof AgonError) throw error;
    return fail(path, `its zip archive can't be read: ${messageOf(error)}`, {
      cause: error,
      hint: 'It is cut short or damaged: copy or pack it again',
    });
  } finally {
    zip?.close();
  }
}

async function readDirectory(zip: ZipFile, path: string): Promise<ArchiveContent> {
  const entries: ArchiveEntry[] = [];
  const skipped: SkippedFile[] = [];
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName;
    if (name.endsWith('/')) continue;
    const reason = reasonFor(entry);
    if (reason) skipped.push({ path: name, reason });
    else entries.push({ name, stored: await placeOf(zip, entry, path) });
    if (entries.length + skipped.length > MOST_ENTRIES) {
      fail(path, 'has too many entries', { expected: `${MOST_ENTRIES} at most` });
    }
  }
  return { entries, skipped };
}

async function placeOf(zip: ZipFile, entry: Entry, file: string): Promise<ArchiveEntry['stored']> {
  const { fileDataStart: offset } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const { compressedSize: length, uncompressedSize, compressionMethod, crc32 } = entry;
  if (offset + length > zip.fileSize) throw new Error(`${JSON.stringify(entry.fileName)} reaches beyond its end`);
  return { file, offset, length, crc32, ...(compressionMethod === DEFLATED && { inflated: uncompressedSize }) };
}

/** Why an entry is not read. */
function reasonFor(entry: Entry): string | undefined {
  const { compressionMethod } = entry;
  if (((entry.externalFileAttributes >>> 16) & FILE_TYPE) === LINK)
    return 'a link, which is not followed in an archive';
  if (entry.isEncrypted()) return 'it is encrypted: pack it without a password';
  if (compressionMethod !== DEFLATED && compressionMethod !== STORED) {
    return `it is compressed by method ${compressionMethod}: pack it with deflate, or without compression`;
  }
  return undefined;
}
