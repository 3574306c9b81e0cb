import { fail } from '../../util/error.js';

/** Reads little-endian numbers and texts one after the other; going beyond the end is an error at `where`. */
export class ByteReader {
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly where: string,
    public position = 0,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): Uint8Array {
    const begin = this.#advance(length);
    return this.bytes.subarray(begin, begin + length);
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A 64-bit count or length; one beyond 2^53 can't be one. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** Pickle's only big-endian number. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  text(length: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.take(length));
  }

  /** The text up to the next line feed, which is read too. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) this.#fail(1, this.bytes.length);
    const text = this.text(end - this.position);
    this.position++;
    return text;
  }

  #advance(length: number): number {
    const begin = this.position;
    if (length > this.bytes.length - begin) this.#fail(length, begin);
    this.position += length;
    return begin;
  }

  #fail(length: number, begin: number): never {
    fail(this.where, 'is cut short or damaged', {
      expected: `${length} bytes from byte ${begin} on`,
      got: `${Math.max(0, this.bytes.length - begin)}`,
    });
  }
}
