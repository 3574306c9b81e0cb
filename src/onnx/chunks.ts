/** Protobuf's wire type of strings, bytes and messages: a length, then that many bytes. */
const LENGTH_DELIMITED = 2;

/** A length-delimited field made of chunks: its tag and length, then the chunks as they are. */
export function delimited(fieldNumber: number, chunks: readonly Uint8Array[]): Uint8Array[] {
  const head = [...varint(fieldNumber * 8 + LENGTH_DELIMITED), ...varint(totalLength(chunks))];
  return [Uint8Array.from(head), ...chunks];
}

/** The chunks in one array, each copied once. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(totalLength(chunks));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** How many bytes the chunks have together. */
export function totalLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** Protobuf's base-128 encoding of a whole number >= 0: seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
