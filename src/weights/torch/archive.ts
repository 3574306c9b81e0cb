import zlib from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { AgonError, fail, messageOf } from '../../util/error.js';
import { printable } from '../../util/printable.js';

/** Entries of one file at most: PyTorch writes one for each storage. */
const MOST_ENTRIES = 100_000;

/** A zip file of which some entries are read. */
export interface Archive {
  readonly names: ReadonlySet<string>;
  /** The size of an entry's content as the file's directory says it. */
  size(name: string): number;
  /** The content of an entry, its checksum compared. */
  read(name: string): Promise<Uint8Array>;
}

/** Opens a zip file for as long as it is used. Whatever is wrong with it is an error that names it. */
export async function withArchive<T>(path: string, use: (archive: Archive) => Promise<T>): Promise<T> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { autoClose: false });
    return await use(await readDirectory(zip, path));
  } catch (error) {
    if (error instanceof AgonError) throw error;
    return fail(path, `its zip archive can't be read: ${messageOf(error)}`, {
      cause: error,
      hint: 'It is cut short or damaged: fetch it again',
    });
  } finally {
    zip?.close();
  }
}

async function readDirectory(zip: ZipFile, path: string): Promise<Archive> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.has(entry.fileName)) fail(path, `has two entries ${shown(entry.fileName)}`);
    if (entries.size === MOST_ENTRIES) fail(path, 'has too many entries', { expected: `${MOST_ENTRIES} at most` });
    entries.set(entry.fileName, entry);
  }
  // What is stored has its own size: more is a deflated bomb, or entries over each other
  let left = LARGEST_FACTOR * zip.fileSize;
  return {
    names: new Set(entries.keys()),
    size: (name) => entryOf(entries, name, path).uncompressedSize,
    read: (name) => {
      const entry = entryOf(entries, name, path);
      left -= entry.uncompressedSize;
      if (left < 0) fail(path, 'unpacks to too much', { expected: `at most ${LARGEST_FACTOR} times its size` });
      return readEntry(zip, entry, path);
    },
  };
}

/** PyTorch stores without compression; what others packed again shrinks little. */
const LARGEST_FACTOR = 4;

function entryOf(entries: ReadonlyMap<string, Entry>, name: string, path: string): Entry {
  const hint = 'It is cut short or damaged: fetch it again';
  return entries.get(name) ?? fail(path, `its entry ${shown(name)} is missing`, { hint });
}

async function readEntry(zip: ZipFile, entry: Entry, path: string): Promise<Uint8Array> {
  const content = new Uint8Array(entry.uncompressedSize);
  let position = 0;
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    const bytes = chunk as Uint8Array;
    content.set(bytes, position);
    position += bytes.length;
  }
  if (position !== content.length) throw new Error(`${entry.fileName} ends at byte ${position} of ${content.length}`);
  checkSum(content, entry, path);
  return content;
}

/** Node.js before 20.15 has no such checksum: there it is not compared. */
const crc32 = zlib.crc32 as typeof zlib.crc32 | undefined;

function checkSum(content: Uint8Array, { fileName, crc32: expected }: Entry, path: string): void {
  if (!crc32 || crc32(content) === expected) return;
  fail(path, `its entry ${shown(fileName)} has another checksum than its directory says`, {
    hint: 'The file is damaged: fetch it again; or it was saved without checksums: call torch.serialization.set_crc32_options(True) before torch.save',
  });
}

function shown(name: string): string {
  return JSON.stringify(printable(name)).slice(0, 200);
}
