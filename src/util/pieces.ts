/** Bytes that are handed to the system at once, at most: it takes no more than 2 GiB, and a process that is killed waits for it. */
const LARGEST = 64 * 2 ** 20;
/** Parts are gathered up to here. */
const GATHERED = 2 ** 20;

/** The same bytes in pieces that are good to write: large parts are cut, and small ones gathered. */
export async function* inPieces(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { largest = LARGEST, gathered = GATHERED } = {},
): AsyncGenerator<Uint8Array> {
  let small: Uint8Array[] = [];
  let size = 0;
  const flush = () => {
    const piece = Buffer.concat(small, size);
    [small, size] = [[], 0];
    return piece;
  };
  for await (const part of parts) {
    if (size > 0 && size + part.length > gathered) yield flush();
    if (part.length < gathered) {
      small.push(part);
      size += part.length;
    } else for (let at = 0; at < part.length; at += largest) yield part.subarray(at, at + largest);
  }
  if (size > 0) yield flush();
}
