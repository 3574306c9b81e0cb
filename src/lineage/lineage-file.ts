import { open, stat, truncate } from 'node:fs/promises';
import { readWhole } from '../onnx/read-whole.js';
import { fail, messageOf } from '../util/error.js';
import { appendToFile, errorCode, failIrregular, failUnreadable } from '../util/files/files.js';
import { parseObject } from '../util/files/read-json.js';
import { failDamaged } from '../util/formats/damage.js';
import { type Content, migrate } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';
import type { LineageStep } from './lineage.js';
import { encodeHeader, headerSchema, LINEAGE_FORMAT, type LineageHeader, layoutOf } from './lineage-header.js';
import { checkLayout, decodeRecord, encodeRecord, type RecordLayout, recordSize } from './lineage-record.js';

/** A run's lineage: a step's place is its number over the run; undefined where the file has a gap. */
export interface Lineage extends LineageHeader {
  readonly steps: readonly (LineageStep | undefined)[];
}

/** The first line of a file is read up to here. */
const LONGEST_HEADER = 2 ** 16;

/**
 * A run's lineage file as it is written: a line of JSON, then a record of fixed size for each step (see
 * {@link encodeRecord}). Steps are kept until they are flushed, which is before each checkpoint.
 */
export class LineageFile {
  readonly #layout: RecordLayout;
  readonly #head: Uint8Array;
  #pending: Uint8Array[] = [];

  constructor(
    readonly path: string,
    header: LineageHeader,
  ) {
    this.#layout = layoutOf(header);
    checkLayout(path, this.#layout);
    this.#head = encodeHeader(header);
  }

  /**
   * Cuts what is in the file down to the steps before `count`, where the run goes on; steps that it lacks become a gap, and
   * their number is returned. The file of another run is an error.
   */
  async resumeAt(count: number): Promise<number> {
    const written = await this.#mendHead();
    const kept = Math.min(count, Math.floor((written - this.#head.length) / recordSize(this.#layout)));
    // A record that was cut short goes first: what is added to a file's length is zeros.
    for (const end of [kept, count]) await this.#setRecords(end);
    return count - kept;
  }

  /** Adds the next step. */
  append(step: LineageStep): void {
    this.#pending.push(encodeRecord(this.#layout, step));
  }

  /** Writes what was added since the last time. */
  async flush(): Promise<void> {
    if (this.#pending.length === 0) return;
    const begins = (await sizeOf(this.path)) === 0;
    await appendToFile(this.path, Buffer.concat([...(begins ? [this.#head] : []), ...this.#pending]));
    this.#pending = [];
  }

  /** Writes the header where there is none, or one that was cut short; returns the file's size. */
  async #mendHead(): Promise<number> {
    const written = await sizeOf(this.path);
    const begin = await readBegin(this.path, Math.min(written, this.#head.length));
    // Of a newer Agon, it says so itself
    if (written > this.#head.length && !begin.equals(this.#head)) await readLineageHeader(this.path);
    if (!begin.equals(this.#head.subarray(0, begin.length))) {
      fail(this.path, "not this run's lineage", { hint: 'Move it out of the folder' });
    }
    await appendToFile(this.path, this.#head.subarray(begin.length));
    return Math.max(written, this.#head.length);
  }

  async #setRecords(count: number): Promise<void> {
    try {
      await truncate(this.path, this.#head.length + count * recordSize(this.#layout));
    } catch (error) {
      fail(this.path, `can't be written: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** Reads a lineage file. A missing one, one of something else, and one that is cut short are errors that name the file. */
export async function readLineage(path: string): Promise<Lineage> {
  await checkThere(path);
  const bytes = asBuffer(await readWhole(path));
  const end = bytes.subarray(0, LONGEST_HEADER).indexOf('\n');
  const header = parseHeader(path, bytes.toString('utf8', 0, Math.max(0, end)));
  const layout = layoutOf(header);
  const size = recordSize(layout);
  const records = bytes.subarray(end + 1);
  if (records.length % size !== 0) {
    fail(path, 'is cut short in a step', {
      expected: `records of ${size} bytes`,
      got: `${records.length} bytes of records`,
      hint: 'Going on with the run (agon train --resume) mends it',
    });
  }
  const steps = Array.from({ length: records.length / size }, (_, i) => {
    return decodeRecord(layout, records.subarray(i * size, (i + 1) * size), `${path}, step ${i}`);
  });
  return { ...header, steps };
}

function parseHeader(path: string, text: string): LineageHeader {
  const { format, ...content } = parseFirstLine(path, text);
  const { networks, stepsPerEpoch, operations, origin } = migrate(FORMATS.lineage, content, path);
  const said = { format, networks, stepsPerEpoch, operations, origin };
  const parsed = headerSchema.safeParse(said);
  if (!parsed.success) return failDamaged(path, 'its first line is damaged', parsed.error, said, 'Take a copy of it');
  const { format: _, ...header } = parsed.data;
  checkLayout(path, layoutOf(header));
  return header;
}

function parseFirstLine(path: string, text: string): Content {
  try {
    const content = parseObject(text, path);
    if (content.format === LINEAGE_FORMAT) return content;
  } catch (error) {
    return fail(path, "not a run's lineage", { cause: error });
  }
  return fail(path, "not a run's lineage");
}

/** What a lineage file says of its run, without its steps. Errors as of {@link readLineage}. */
export async function readLineageHeader(path: string): Promise<LineageHeader> {
  await checkThere(path);
  const begin = await readBegin(path, Math.min(await sizeOf(path), LONGEST_HEADER));
  return parseHeader(path, begin.toString('utf8', 0, Math.max(0, begin.indexOf('\n'))));
}

/** Fails unless a lineage file is there, and is a regular one. */
async function checkThere(path: string): Promise<void> {
  const info = await stat(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') return failUnreadable(path, error);
    return fail(path, 'there is no lineage', { hint: 'Name the folder of a run; it is written with its checkpoints' });
  });
  if (!info.isFile()) failIrregular(path);
}

async function readBegin(path: string, length: number): Promise<Buffer> {
  const begin = Buffer.alloc(length);
  if (length === 0) return begin;
  const file = await open(path);
  await file.read(begin, 0, length, 0).finally(() => file.close());
  return begin;
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

async function sizeOf(path: string): Promise<number> {
  try {
    const info = await stat(path);
    if (info.isFile()) return info.size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    return failUnreadable(path, error);
  }
  return failIrregular(path);
}
