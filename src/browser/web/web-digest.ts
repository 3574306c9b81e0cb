import { DIGITS } from '../../data/dataset/content.js';
import { concatenate } from '../../onnx/chunks.js';
import { fail } from '../../util/error.js';

/** SHA-256 of texts and bytes, one after the other, in hexadecimal, by the browser's own cryptography. */
export async function webDigest(parts: Iterable<string | Uint8Array>): Promise<string> {
  const encoder = new TextEncoder();
  const bytes = concatenate([...parts].map((part) => (typeof part === 'string' ? encoder.encode(part) : part)));
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) {
    fail('browser', 'this page has no cryptography, which tells whether what was saved is whole', {
      expected: 'a page from https or from this machine (localhost)',
      got: 'another one',
    });
  }
  const digest = await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Likewise, cut as digests of data are. */
export async function shortDigest(parts: Iterable<string | Uint8Array>): Promise<string> {
  return (await webDigest(parts)).slice(0, DIGITS);
}
