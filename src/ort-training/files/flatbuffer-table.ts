import { fail } from '../../util/error.js';

/** What is read of a file, counted again each time, may be this many times its size: writers share names, damage shares everything. */
const LARGEST_FACTOR = 4;

/** A table that holds anything has at least its own four bytes, those of a field, and a reference to it. */
const TABLE_SIZE = 12;

/** What the tables of a file share. */
interface File {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly path: string;
  /** How many bytes may still be read. */
  left: number;
}

/**
 * A table of a FlatBuffers file, read with every offset and length checked against the file, and what is read in all
 * against its size (parts may be shared, so that a small file can stand for gigabytes): the library's own reader trusts
 * them. Fields are numbered as in the schema (see the FlatBuffers internals document: a table begins with the distance to
 * its vtable, whose entries are offsets of fields, 0 for an absent one).
 */
export class FlatbufferTable {
  readonly #file: File;
  readonly #at: number;
  readonly #vtable: number;

  private constructor(file: File, at: number) {
    this.#file = file;
    this.#spend(TABLE_SIZE);
    this.#at = this.#within(at, 4);
    this.#vtable = this.#within(at - file.view.getInt32(at, true), 4);
    this.#within(this.#vtable, file.view.getUint16(this.#vtable, true));
  }

  /** The root table of a file with an identifier at bytes 4 to 7. */
  static root(bytes: Uint8Array, identifier: string, path: string): FlatbufferTable {
    const found = String.fromCharCode(...bytes.subarray(4, 8));
    if (bytes.length < 8 || found !== identifier) {
      fail(path, 'not a checkpoint of ONNX Runtime training', {
        expected: `the identifier "${identifier}" at byte 4`,
        got: bytes.length < 8 ? `${bytes.length} bytes` : JSON.stringify(found),
      });
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const file = { bytes, view, path, left: LARGEST_FACTOR * bytes.length };
    return new FlatbufferTable(file, view.getUint32(0, true));
  }

  int32(field: number): number {
    const at = this.#field(field, 4);
    return at === undefined ? 0 : this.#file.view.getInt32(at, true);
  }

  int64(field: number): bigint {
    const at = this.#field(field, 8);
    return at === undefined ? 0n : this.#file.view.getBigInt64(at, true);
  }

  float32(field: number): number {
    const at = this.#field(field, 4);
    return at === undefined ? 0 : this.#file.view.getFloat32(at, true);
  }

  bool(field: number): boolean {
    const at = this.#field(field, 1);
    return at !== undefined && this.#file.view.getUint8(at) !== 0;
  }

  string(field: number): string | undefined {
    const vector = this.#vector(field, 1);
    return vector && new TextDecoder().decode(this.#file.bytes.subarray(vector.at, vector.at + vector.length));
  }

  bytes(field: number): Uint8Array | undefined {
    const vector = this.#vector(field, 1);
    return vector && this.#file.bytes.subarray(vector.at, vector.at + vector.length);
  }

  int64s(field: number): bigint[] | undefined {
    const vector = this.#vector(field, 8);
    return (
      vector && Array.from({ length: vector.length }, (_, i) => this.#file.view.getBigInt64(vector.at + 8 * i, true))
    );
  }

  table(field: number): FlatbufferTable | undefined {
    const at = this.#field(field, 4);
    return at === undefined ? undefined : this.#tableAt(at);
  }

  tables(field: number): FlatbufferTable[] | undefined {
    const vector = this.#vector(field, 4);
    return vector && Array.from({ length: vector.length }, (_, i) => this.#tableAt(vector.at + 4 * i));
  }

  #tableAt(at: number): FlatbufferTable {
    return new FlatbufferTable(this.#file, at + this.#file.view.getUint32(at, true));
  }

  /** Where a field's value stands; undefined when it is absent. */
  #field(field: number, size: number): number | undefined {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#file.view.getUint16(this.#vtable, true)) return undefined;
    const offset = this.#file.view.getUint16(this.#vtable + entry, true);
    return offset === 0 ? undefined : this.#within(this.#at + offset, size);
  }

  #vector(field: number, elementSize: number): { readonly at: number; readonly length: number } | undefined {
    const reference = this.#field(field, 4);
    if (reference === undefined) return undefined;
    const start = this.#within(reference + this.#file.view.getUint32(reference, true), 4);
    const length = this.#file.view.getUint32(start, true);
    const at = this.#within(start + 4, length * elementSize);
    this.#spend(4 + length * elementSize);
    return { at, length };
  }

  #spend(size: number): void {
    this.#file.left -= size;
    if (this.#file.left >= 0) return;
    fail(this.#file.path, 'damaged: it refers to the same parts again and again', {
      expected: `parts of at most ${LARGEST_FACTOR} times the file's ${this.#file.bytes.length} bytes`,
      got: 'more',
      hint: 'Take another copy of the file',
    });
  }

  #within(at: number, size: number): number {
    if (at >= 0 && at + size <= this.#file.bytes.length) return at;
    return fail(this.#file.path, 'damaged: something in it lies outside of the file', {
      expected: `at most ${this.#file.bytes.length} bytes`,
      got: `${size} bytes at ${at}`,
    });
  }
}
