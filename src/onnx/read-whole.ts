import { failUnreadable } from '../util/files/files.js';
import { withRegularFile } from '../util/files/read-parts.js';

/** The bytes of a regular file (up to Node.js's limit for a buffer, 4 GiB); errors name it. Devices and pipes are refused. */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return await withRegularFile(path, ({ size, read }) => read(0, size));
  } catch (error) {
    return failUnreadable(path, error);
  }
}
