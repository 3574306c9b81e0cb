import { open } from 'node:fs/promises';
import { fail } from '../../util/error.js';
import { failUnreadable } from '../../util/files/files.js';
import { beginsTar } from '../archives/tar.js';
import { TABLE_EXTENSIONS } from '../tables/read-table.js';
import { extensionOf } from '../tree/file-names.js';
import type { ArchiveType } from './archive.js';

/** What a file that is a data set can be. */
export type FileType = ArchiveType | 'parquet' | 'table';

const SNIFFED = 512;

/** What other archives begin with, in hexadecimal. */
const NOT_READ: readonly (readonly [name: string, magic: string])[] = [
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
  ['7-Zip', '377abcaf271c'],
  ['RAR', '526172211a07'],
];

/** What a file is: by its first bytes, a table by its name too. Undefined for one of another kind; archives of other kinds are errors. */
export async function fileTypeOf(path: string): Promise<FileType | undefined> {
  const bytes = await readStart(path);
  const magic = bytes.toString('hex');
  if (/^504b(0304|0506)/.test(magic)) return 'zip';
  if (magic.startsWith('1f8b')) return 'tar.gz';
  if (magic.startsWith(Buffer.from('PAR1').toString('hex'))) return 'parquet';
  if (beginsTar(bytes)) return 'tar';
  const [other] = NOT_READ.find(([, begin]) => magic.startsWith(begin)) ?? [];
  if (other)
    fail(path, `an archive of ${other} is not read`, { expected: '.zip, .tar or .tar.gz', hint: 'Pack it anew' });
  return [...TABLE_EXTENSIONS, 'txt', 'json'].includes(extensionOf(path)) ? 'table' : undefined;
}

async function readStart(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFFED), 0, SNIFFED, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    return failUnreadable(path, error);
  }
}
