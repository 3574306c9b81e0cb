import { randomUUID } from 'node:crypto';
import { close, open, write } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AgonError, fail, messageOf } from '../../util/error.js';

const openFile = promisify(open);
const closeFile = promisify(close);
const writeTo = promisify(write);

/** For reading and writing, new, for this user alone. */
const FLAGS = 'wx+';
const MODE = 0o600;

/**
 * A file in the system's folder for temporary ones whose name is taken away at once: it is gone with the process, however that ends.
 * Worker threads read it by its descriptor.
 */
export class UnnamedFile {
  #size = 0;

  private constructor(
    /** What is unpacked to it, for messages. */
    readonly where: string,
    readonly descriptor: number,
  ) {}

  static async open(where: string): Promise<UnnamedFile> {
    const path = join(tmpdir(), `agon-${randomUUID()}`);
    try {
      const descriptor = await openFile(path, FLAGS, MODE);
      await rm(path);
      return new UnnamedFile(where, descriptor);
    } catch (error) {
      return failUnpacking(where, error);
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Writes bytes at its end; returns where they begin. */
  async append(bytes: Uint8Array): Promise<number> {
    const offset = this.#size;
    this.#size += bytes.length;
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await writeTo(this.descriptor, bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
    } catch (error) {
      failUnpacking(this.where, error);
    }
    return offset;
  }

  close(): Promise<void> {
    return closeFile(this.descriptor);
  }
}

function failUnpacking(where: string, error: unknown): never {
  if (error instanceof AgonError) throw error;
  return fail(where, `can't be unpacked to ${tmpdir()}: ${messageOf(error)}`, {
    hint: 'Free some space there, or name another folder for temporary files (TMPDIR)',
    cause: error,
  });
}
