import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { maskedCrc32c } from './crc32c.js';
import { type EventMessage, encodeEvent } from './event-proto.js';

/** `SessionLog.START` */
const START = 1;

/** Distinguishes the files of one process. */
let opened = 0;

/**
 * A new event file in a folder, which TensorBoard reads as one run together with the older ones there. Every event is written at once.
 * Throws the system's errors.
 */
export class EventFile {
  readonly #file: number;

  /** @param firstStep - the step from which on it is written: what older files have of later ones doesn't count any more */
  constructor(
    folder: string,
    firstStep: number,
    private readonly now: () => number = () => Date.now() / 1000,
  ) {
    mkdirSync(folder, { recursive: true });
    const seconds = String(Math.floor(now())).padStart(10, '0');
    // TensorBoard reads files in the order of their names
    const name = `events.out.tfevents.${seconds}.agon.${process.pid}.${opened++}`;
    this.#file = openSync(join(folder, name), 'wx');
    this.append({ fileVersion: 'brain.Event:2' });
    this.append({ step: firstStep, sessionLog: { status: START } });
  }

  append(event: Omit<EventMessage, 'wallTime'>): void {
    const bytes = frame(encodeEvent({ wallTime: this.now(), ...event }));
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** A TFRecord: length (uint64), its masked CRC-32C, the bytes, theirs; all little-endian. */
export function frame(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(data.length + 16);
  bytes.writeBigUInt64LE(BigInt(data.length), 0);
  bytes.writeUInt32LE(maskedCrc32c(bytes.subarray(0, 8)), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return bytes;
}
