import { Header, type HeaderData, Pax } from 'tar';
import { AgonError, fail, messageOf } from '../../util/error.js';
import type { SkippedFile } from '../dataset/dataset.js';
import { readStored } from '../image/stored-image.js';
import { type ArchiveContent, type ArchiveEntry, MOST_ENTRIES } from './entry.js';

const BLOCK = 512;
/** Long names and attributes of one entry are no longer than this. */
const MOST_ATTRIBUTES = 2 ** 20;
const CUT_SHORT = { hint: 'It is cut short or damaged: copy or pack it again' };

/** A tar file that is open, or the descriptor of one without a name. */
export interface TarFile {
  readonly path: string;
  readonly file: string | number;
  readonly size: number;
}

/** What the headers before an entry say of it: long names of GNU tar, attributes of POSIX's pax. */
interface Said {
  next: HeaderData;
  all: HeaderData;
}

/** The files in a tar file by where their bytes are: headers alone are read. Damage is an error that names the file. */
export async function readTar(tar: TarFile): Promise<ArchiveContent> {
  const entries: ArchiveEntry[] = [];
  const skipped: SkippedFile[] = [];
  const said: Said = { next: {}, all: {} };
  for (let at = 0; at + BLOCK <= tar.size; ) {
    const header = await headerAt(tar, at, said);
    if (header.nullBlock) break;
    const length = header.size ?? 0;
    const offset = at + BLOCK;
    if (!(length >= 0) || offset + length > tar.size) failShort(tar, header, length);
    at = offset + Math.ceil(length / BLOCK) * BLOCK;
    if (await isAbout(tar, header, { offset, length }, said)) continue;
    said.next = {};
    const name = header.path ?? '';
    const reason = reasonFor(header);
    if (reason) skipped.push({ path: name, reason });
    else if (isFile(header)) entries.push({ name, stored: { file: tar.file, offset, length } });
    if (entries.length + skipped.length > MOST_ENTRIES) {
      fail(tar.path, 'has too many entries', { expected: `${MOST_ENTRIES} at most` });
    }
  }
  return { entries, skipped };
}

/** Whether bytes begin with the header of a tar file. */
export function beginsTar(bytes: Uint8Array): boolean {
  if (bytes.length < BLOCK) return false;
  const header = new Header(Buffer.from(bytes.subarray(0, BLOCK)));
  return header.cksumValid && !header.nullBlock;
}

async function headerAt({ path, file }: TarFile, offset: number, { next, all }: Said): Promise<Header> {
  const block = Buffer.from(await readStored({ file, offset, length: BLOCK }));
  try {
    const header = new Header(block, 0, next, all);
    if (header.cksumValid || header.nullBlock) return header;
  } catch (error) {
    fail(path, `its header at byte ${offset} can't be read: ${messageOf(error)}`, CUT_SHORT);
  }
  return fail(path, `there is no tar header at byte ${offset}`, CUT_SHORT);
}

function failShort({ path, size }: TarFile, { path: name = '' }: Header, length: number): never {
  return fail(path, `ends inside its entry ${JSON.stringify(name).slice(0, 200)}`, {
    expected: `${length} bytes more`,
    got: `a file of ${size} bytes in all`,
    ...CUT_SHORT,
  });
}

/** Takes in a header that is about the next entry, or about all; false for an entry itself. */
async function isAbout(
  { path, file }: TarFile,
  { type }: Header,
  { offset, length }: { readonly offset: number; readonly length: number },
  said: Said,
): Promise<boolean> {
  const isPax = type === 'ExtendedHeader' || type === 'OldExtendedHeader';
  const isGlobal = type === 'GlobalExtendedHeader';
  const isName = type === 'NextFileHasLongPath' || type === 'OldGnuLongPath';
  if (type === 'NextFileHasLongLinkpath') return true;
  if (!isPax && !isGlobal && !isName) return false;
  if (length > MOST_ATTRIBUTES) fail(path, `an entry has ${length} bytes of attributes`, CUT_SHORT);
  const text = Buffer.from(await readStored({ file, offset, length })).toString('utf8');
  if (isName) said.next = { ...said.next, path: text.replace(/\0.*$/s, '') };
  else if (isGlobal) said.all = attributes(path, text, said.all, true);
  else said.next = attributes(path, text, said.next, false);
  return true;
}

/** Only what matters for reading is taken. */
function attributes(where: string, text: string, before: HeaderData, global: boolean): HeaderData {
  try {
    const { path, size } = Pax.parse(text, before, global);
    return { ...(path !== undefined && { path }), ...(size !== undefined && { size }) };
  } catch (error) {
    if (error instanceof AgonError) throw error;
    return fail(where, `the attributes of an entry can't be read: ${messageOf(error)}`, CUT_SHORT);
  }
}

function isFile({ type }: Header): boolean {
  return type === 'File' || type === 'OldFile' || type === 'ContiguousFile';
}

/** Why an entry is not read; undefined for files and folders. */
function reasonFor(header: Header): string | undefined {
  const { type } = header;
  if (type === 'SymbolicLink' || type === 'Link') return 'a link, which is not followed in an archive';
  if (isFile(header) || type === 'Directory' || type === 'GNUDumpDir') return undefined;
  return type === 'SparseFile' ? 'a sparse file' : 'it is neither a file nor a folder';
}
