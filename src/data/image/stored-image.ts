import { close, open, read } from 'node:fs';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { messageOf } from '../../util/error.js';
import { failUnreadable } from '../../util/files/files.js';
import type { StoredImage } from '../dataset/dataset.js';
import { ImageFault } from './image-fault.js';

/** Image files with more bytes are not read out of archives and tables: compressed, they could be anything. */
export const LARGEST_STORED = 2 ** 28;

const openFile = promisify(open);
const readFrom = promisify(read);
const closeFile = promisify(close);
const inflateRaw = promisify(zlib.inflateRaw);
/** Node.js before 20.15 has no such checksum: there it is not compared. */
const crc32 = zlib.crc32 as typeof zlib.crc32 | undefined;

/** The bytes of an image file inside another file. What is cut short, or has another checksum, is an {@link ImageFault}. */
export async function readStored(stored: StoredImage): Promise<Uint8Array> {
  const { inflated, crc32: expected } = stored;
  const bytes = await readRange(stored, stored.length);
  const whole = inflated === undefined ? bytes : await inflate(bytes, inflated);
  if (expected !== undefined && crc32 && crc32(whole) !== expected) {
    throw new ImageFault('its checksum is not the one in the archive: it is damaged, copy or pack it again');
  }
  return whole;
}

/** Its first bytes, at most so many. What can't be inflated gives none. */
export async function readStoredStart(stored: StoredImage, count: number): Promise<Uint8Array> {
  const { length, inflated } = stored;
  if (inflated === undefined) return readRange(stored, Math.min(length, count));
  const bytes = await readRange(stored, Math.min(length, 4 * count));
  const start = await inflateRaw(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).catch(() => new Uint8Array());
  return start.subarray(0, count);
}

async function inflate(bytes: Uint8Array, length: number): Promise<Uint8Array> {
  const whole = await inflateRaw(bytes, { maxOutputLength: Math.max(1, length) }).catch((error: unknown) => {
    throw new ImageFault(`it can't be unpacked: ${messageOf(error)}`, { cause: error });
  });
  if (whole.length === length) return whole;
  throw new ImageFault(`it unpacks to ${whole.length} bytes and not to ${length}, as the archive says: it is damaged`);
}

async function readRange({ file, offset }: StoredImage, length: number): Promise<Uint8Array> {
  if (typeof file === 'number') return readWhole(file, offset, length);
  const descriptor = await openFile(file, 'r').catch((error: unknown) => {
    return failUnreadable(file, error);
  });
  try {
    return await readWhole(descriptor, offset, length);
  } finally {
    await closeFile(descriptor);
  }
}

async function readWhole(descriptor: number, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await readFrom(descriptor, bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new ImageFault('the file that it is in ends before it does');
    done += bytesRead;
  }
  return bytes;
}
