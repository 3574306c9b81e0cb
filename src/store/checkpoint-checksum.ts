import { type Tensor, tensorBytes } from '../onnx/tensor.js';

/** What a checkpoint's metadata say of its content, as SHA-256 in hexadecimal. */
export interface CheckpointChecksum {
  /** Of its other metadata. */
  readonly header: string;
  /** Of names, types, shapes and bytes of its tensors. */
  readonly tensors: string;
}

/** SHA-256 of texts and bytes, one after the other, in hexadecimal: Node.js and browsers have it each in their own way. */
export type Digest = (parts: Iterable<string | Uint8Array>) => string | Promise<string>;

export async function checksumOf(
  texts: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Tensor>,
  digest: Digest,
): Promise<CheckpointChecksum> {
  const header = await digest([JSON.stringify(sorted(Object.entries(texts)))]);
  return { header, tensors: await digest(tensorParts(tensors)) };
}

function* tensorParts(tensors: ReadonlyMap<string, Tensor>): Generator<string | Uint8Array> {
  for (const [name, tensor] of sorted([...tensors])) {
    yield JSON.stringify([name, tensor.dtype, tensor.dims]);
    yield tensorBytes(tensor);
  }
}

function sorted<T>(entries: (readonly [string, T])[]): (readonly [string, T])[] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
