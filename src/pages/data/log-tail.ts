import { type FileHandle, open } from 'node:fs/promises';
import { errorCode, failUnreadable } from '../../util/files/files.js';

/** Bytes that are read at a time. */
const PIECE = 2 ** 20;

/** The lines of a file that grows, each once. */
export class LogTail {
  #offset = 0;
  #inode: number | bigint | undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(private readonly path: string) {}

  /**
   * Gives the whole lines that have come since the last time to `onLine`. A file that was replaced, or has become shorter, is told of
   * by `onAnew` first, and read from its beginning. No file has no lines.
   */
  async read(onLine: (line: string) => void, onAnew: () => void): Promise<void> {
    let file: FileHandle;
    try {
      file = await open(this.path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') failUnreadable(this.path, error);
      if (this.#offset > 0) this.#begin(undefined, onAnew);
      return;
    }
    try {
      const { size, ino } = await file.stat();
      if (this.#inode !== ino || size < this.#offset) this.#begin(ino, onAnew);
      await this.#readOn(file, size, onLine);
    } catch (error) {
      failUnreadable(this.path, error);
    } finally {
      await file.close();
    }
  }

  #begin(inode: number | bigint | undefined, onAnew: () => void): void {
    this.#inode = inode;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
    onAnew();
  }

  async #readOn(file: FileHandle, size: number, onLine: (line: string) => void): Promise<void> {
    const piece = Buffer.alloc(PIECE);
    while (this.#offset < size) {
      const { bytesRead } = await file.read(piece, 0, PIECE, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      const bytes = Buffer.concat([this.#rest, piece.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf('\n') + 1;
      this.#rest = bytes.subarray(end);
      for (const line of bytes.toString('utf8', 0, end).split('\n')) if (line) onLine(line);
    }
  }
}
