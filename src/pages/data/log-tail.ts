import { type FileHandle, open, stat } from 'node:fs/promises';
import { errorCode, failIrregular, failUnreadable } from '../../util/files/files.js';

/** Bytes that are read at a time. */
const PIECE = 2 ** 20;
/** A longer line is none of a log's: its beginning isn't kept. */
const LONGEST_LINE = 2 ** 26;

/** Takes a line, and whether it was written while the file was followed, not before. */
export type OnLine = (line: string, live: boolean) => void;

/** The lines of a file that grows, each once: also where another thread or process writes it, or puts another file in its place. */
export class LogTail {
  #offset = 0;
  /** Numbers of removed files are given to new ones, births are not. */
  #identity: string | undefined;
  #rest: Buffer[] = [];
  #live = false;

  constructor(private readonly path: string) {}

  /**
   * Gives the whole lines that have come since the last time to `onLine`. A file that was replaced, or has become shorter, is told of
   * by `onAnew` first, and read from its beginning. No file has no lines.
   */
  async read(onLine: OnLine, onAnew: () => void): Promise<void> {
    const file = await this.#open();
    if (!file) {
      if (this.#identity !== undefined) this.#begin(undefined, onAnew);
      return;
    }
    try {
      const { size, ino, birthtimeMs } = await file.stat();
      const identity = `${ino} ${birthtimeMs}`;
      if (this.#identity !== identity || size < this.#offset) this.#begin(identity, onAnew);
      await this.#readOn(file, size, onLine);
      this.#live = true;
    } catch (error) {
      failUnreadable(this.path, error);
    } finally {
      await file.close();
    }
  }

  /** Undefined where there is no file. */
  async #open(): Promise<FileHandle | undefined> {
    try {
      // To open a pipe would wait for who writes it
      return (await stat(this.path)).isFile() ? await open(this.path) : failIrregular(this.path);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return undefined;
      return failUnreadable(this.path, error);
    }
  }

  #begin(identity: string | undefined, onAnew: () => void): void {
    this.#identity = identity;
    this.#offset = 0;
    this.#rest = [];
    this.#live = false;
    onAnew();
  }

  async #readOn(file: FileHandle, size: number, onLine: OnLine): Promise<void> {
    while (this.#offset < size) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, size - this.#offset));
      const { bytesRead } = await file.read(piece, 0, piece.length, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      this.#split(piece.subarray(0, bytesRead), onLine);
    }
  }

  #split(piece: Buffer, onLine: OnLine): void {
    const end = piece.lastIndexOf('\n') + 1;
    if (end > 0) {
      const lines = Buffer.concat([...this.#rest, piece.subarray(0, end)]).toString('utf8');
      for (const line of lines.split('\n')) if (line) onLine(line, this.#live);
      this.#rest = [];
    }
    this.#rest.push(piece.subarray(end));
    if (this.#rest.reduce((sum, { length }) => sum + length, 0) > LONGEST_LINE) this.#rest = [];
  }
}
