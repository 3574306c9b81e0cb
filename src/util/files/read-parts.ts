import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Bytes that are read at once, at most: the system takes no more than 2 GiB. */
const LARGEST_READ = 2 ** 30;

/** A regular file that is open for reading. */
export interface OpenFile {
  readonly size: number;
  /** The bytes from `begin` to `end`, in memory of their own; a file that has become shorter is an error. */
  read(begin: number, end: number): Promise<Uint8Array>;
}

/** Opens a file, of any size, for as long as it is used. Devices, pipes and folders are refused. */
export async function withRegularFile<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new Error("it isn't a regular file");
    return await use({ size: status.size, read: (begin, end) => readRange(handle, begin, end) });
  } finally {
    await handle.close();
  }
}

async function readRange(handle: FileHandle, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(LARGEST_READ, bytes.length - done);
    const { bytesRead } = await handle.read(bytes, done, length, begin + done);
    if (bytesRead === 0) throw new Error(`it ends at byte ${begin + done} while it is read`);
    done += bytesRead;
  }
  return bytes;
}
