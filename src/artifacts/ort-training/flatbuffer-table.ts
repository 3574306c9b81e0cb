import { fail } from '../../util/error.js';

/**
 * A table of a FlatBuffers file, read with every offset and length checked against the file: the library's own reader trusts
 * them. Fields are numbered as in the schema (see the FlatBuffers internals document: a table begins with the distance to
 * its vtable, whose entries are offsets of fields, 0 for an absent one).
 */
export class FlatbufferTable {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #at: number;
  readonly #vtable: number;
  readonly #path: string;

  private constructor(bytes: Uint8Array, at: number, path: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = path;
    this.#at = this.#within(at, 4);
    this.#vtable = this.#within(at - this.#view.getInt32(at, true), 4);
    this.#within(this.#vtable, this.#view.getUint16(this.#vtable, true));
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
    return new FlatbufferTable(bytes, view.getUint32(0, true), path);
  }

  int32(field: number): number {
    const at = this.#field(field, 4);
    return at === undefined ? 0 : this.#view.getInt32(at, true);
  }

  int64(field: number): bigint {
    const at = this.#field(field, 8);
    return at === undefined ? 0n : this.#view.getBigInt64(at, true);
  }

  float32(field: number): number {
    const at = this.#field(field, 4);
    return at === undefined ? 0 : this.#view.getFloat32(at, true);
  }

  bool(field: number): boolean {
    const at = this.#field(field, 1);
    return at !== undefined && this.#view.getUint8(at) !== 0;
  }

  string(field: number): string | undefined {
    const vector = this.#vector(field, 1);
    return vector && new TextDecoder().decode(this.#bytes.subarray(vector.at, vector.at + vector.length));
  }

  bytes(field: number): Uint8Array | undefined {
    const vector = this.#vector(field, 1);
    return vector && this.#bytes.subarray(vector.at, vector.at + vector.length);
  }

  int64s(field: number): bigint[] | undefined {
    const vector = this.#vector(field, 8);
    return vector && Array.from({ length: vector.length }, (_, i) => this.#view.getBigInt64(vector.at + 8 * i, true));
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
    return new FlatbufferTable(this.#bytes, at + this.#view.getUint32(at, true), this.#path);
  }

  /** Where a field's value stands; undefined when it is absent. */
  #field(field: number, size: number): number | undefined {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#view.getUint16(this.#vtable, true)) return undefined;
    const offset = this.#view.getUint16(this.#vtable + entry, true);
    return offset === 0 ? undefined : this.#within(this.#at + offset, size);
  }

  #vector(field: number, elementSize: number): { readonly at: number; readonly length: number } | undefined {
    const reference = this.#field(field, 4);
    if (reference === undefined) return undefined;
    const start = this.#within(reference + this.#view.getUint32(reference, true), 4);
    const length = this.#view.getUint32(start, true);
    return { at: this.#within(start + 4, length * elementSize), length };
  }

  #within(at: number, size: number): number {
    if (at >= 0 && at + size <= this.#bytes.length) return at;
    return fail(this.#path, 'damaged: something in it lies outside of the file', {
      expected: `at most ${this.#bytes.length} bytes`,
      got: `${size} bytes at ${at}`,
    });
  }
}
