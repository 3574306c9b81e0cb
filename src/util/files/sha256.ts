import { createHash } from 'node:crypto';

/** The bytes that a hash takes at once: more than 2 GiB it refuses. */
const PART = 2 ** 30;

/** The SHA-256 of texts and bytes, one after the other, in hexadecimal. */
export function sha256(parts: Iterable<string | Uint8Array>): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    if (typeof part === 'string') hash.update(part);
    else for (let at = 0; at < part.length; at += PART) hash.update(part.subarray(at, at + PART));
  }
  return hash.digest('hex');
}
