import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { fail } from '../../util/error.js';
import { failUnreadable } from '../../util/files/files.js';

/** The content of an IDX file of unsigned bytes. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes with `rank` dimensions, plain or gzipped: two zero bytes, the type (8), the
 * rank, each dimension as a big-endian 32-bit number, then the bytes. Anything else, or another length, is an error.
 */
export async function readIdx(path: string, rank: number): Promise<IdxArray> {
  const bytes = await readUnzipped(path);
  const header = 4 + 4 * rank;
  const magic = bytes.subarray(0, 4).toString('hex');
  const expected = `0000080${rank}`;
  if (magic !== expected) fail(path, 'is not an IDX file of bytes: magic number', { expected, got: magic || 'none' });
  if (bytes.length < header)
    fail(path, 'is cut short', { expected: `${header} bytes or more`, got: `${bytes.length}` });
  const shape = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  if (bytes.length !== header + length) {
    fail(path, `is not as long as its header says (${shape.join(' x ')})`, {
      expected: `${header + length} bytes`,
      got: `${bytes.length} bytes`,
      hint: 'It is probably cut short: download it again',
    });
  }
  return { shape, data: bytes.subarray(header) };
}

async function readUnzipped(path: string): Promise<Buffer> {
  try {
    const bytes = await readFile(path);
    return path.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes;
  } catch (error) {
    return failUnreadable(path, error);
  }
}
