import { createHash } from 'node:crypto';
import type { Tensor } from '../onnx/tensor.js';
import { tensorBytes } from '../onnx/tensor.js';

/** What a checkpoint's metadata say of its content, as SHA-256 in hexadecimal. */
export interface CheckpointChecksum {
  /** Of its other metadata. */
  readonly header: string;
  /** Of names, types, shapes and bytes of its tensors. */
  readonly tensors: string;
}

/** The bytes that a hash takes at once: more than 2 GiB it refuses. */
const PART = 2 ** 30;

export function checksumOf(
  texts: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Tensor>,
): CheckpointChecksum {
  return { header: checksumOfTexts(texts), tensors: checksumOfTensors(tensors) };
}

function checksumOfTexts(texts: Readonly<Record<string, string>>): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(Object.entries(texts))))
    .digest('hex');
}

function checksumOfTensors(tensors: ReadonlyMap<string, Tensor>): string {
  const hash = createHash('sha256');
  for (const [name, tensor] of sorted([...tensors])) {
    hash.update(JSON.stringify([name, tensor.dtype, tensor.dims]));
    const bytes = tensorBytes(tensor);
    for (let at = 0; at < bytes.length; at += PART) hash.update(bytes.subarray(at, at + PART));
  }
  return hash.digest('hex');
}

function sorted<T>(entries: (readonly [string, T])[]): (readonly [string, T])[] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
