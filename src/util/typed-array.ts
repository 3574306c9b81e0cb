/** A view of bytes as a typed array: without a copy where the offset is aligned, else of a copy. */
export function viewAs<T extends ArrayBufferView>(
  Type: { new (buffer: ArrayBufferLike, offset: number, length: number): T; readonly BYTES_PER_ELEMENT: number },
  bytes: Uint8Array,
): T {
  const size = Type.BYTES_PER_ELEMENT;
  const length = Math.floor(bytes.byteLength / size);
  if (bytes.byteOffset % size === 0) return new Type(bytes.buffer, bytes.byteOffset, length);
  // Not bytes.slice(): a Buffer's own slice is a view.
  const copy = new Uint8Array(bytes);
  return new Type(copy.buffer, 0, length);
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
