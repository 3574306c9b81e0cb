import { createHash } from 'node:crypto';

/** Bytes that are hashed at once, at most: OpenSSL takes no more than 2 GiB. */
const LARGEST = 2 ** 30;

/** The SHA-256 of some bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += LARGEST) hash.update(bytes.subarray(at, at + LARGEST));
  return hash.digest('hex');
}
