import { fail } from '../util/error.js';
import { bytesOf } from '../util/typed-array.js';
import { concatenate } from './chunks.js';
import { DTYPE_NAMES, type Entry, METADATA, PREFIX_SIZE, readHeader } from './safetensors-header.js';
import { checkCount, type NumericDType, sizeOfDtype, type Tensor } from './tensor.js';
import { viewElements } from './view-elements.js';

/** What a safetensors file holds: tensors in the header's order, and free text by key. */
export interface Safetensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/**
 * Reads a safetensors file (https://github.com/huggingface/safetensors#format): an 8-byte length, a JSON header of that
 * length, then the tensors without gaps. Tensors are views into `bytes` where aligned. Whatever the format forbids is
 * an {@link AgonError} that names the file and the tensor.
 */
export function readSafetensors(bytes: Uint8Array, name = 'safetensors file'): Safetensors {
  const { entries, metadata, dataStart } = readHeader(bytes, bytes.length, name);
  const data = bytes.subarray(dataStart);
  checkLayout(entries, data.length, name);
  const tensors = new Map<string, Tensor>();
  for (const { key, where, dtype, dims, begin, end } of entries) {
    tensors.set(key, viewElements(dtype, dims, data.subarray(begin, end), where));
  }
  return { tensors, metadata };
}

/**
 * Encodes tensors as a safetensors file. The header keeps their order; their data is laid out by falling element size,
 * so that every tensor is aligned. A name used twice and a dtype the format lacks are errors that name the tensor.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return concatenate([...safetensorsParts(tensors, metadata)]);
}

/** The bytes of {@link encodeSafetensors} in parts, in order: those of the tensors are views, so that files of any size can be written. */
export function* safetensorsParts(
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Generator<Uint8Array> {
  const parts = [...tensors].map(([key, tensor]) => partOf(key, tensor));
  const laidOut = assignOffsets(parts);
  const header = encodeHeader(parts, metadata);
  const prefix = new Uint8Array(PREFIX_SIZE);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(header.length), true);
  yield prefix;
  yield header;
  for (const { content } of laidOut) yield content;
}

/** Fails unless the tensors, in the order of their offsets, fill the data without holes and overlaps. */
export function checkLayout(entries: readonly Entry[], size: number, name: string): void {
  let position = 0;
  for (const { where, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position) {
      const what = begin < position ? 'overlaps another tensor' : 'leaves a hole before it';
      fail(where, `its data ${what}`, { expected: `offset ${position}`, got: `${begin}` });
    }
    position = end;
  }
  if (position === size) return;
  fail(name, position > size ? 'is cut short' : 'has bytes behind its last tensor', {
    expected: `${position} bytes of data`,
    got: `${size}`,
  });
}

interface Part {
  readonly key: string;
  readonly dtype: NumericDType;
  readonly dims: readonly number[];
  readonly content: Uint8Array;
  begin: number;
}

function partOf(key: string, { dtype, dims, data }: Tensor): Part {
  const where = `tensor ${JSON.stringify(key)}`;
  if (key === METADATA) fail(where, 'is a reserved name');
  if (dtype === 'string' || Array.isArray(data)) fail(where, "strings can't be stored in a safetensors file");
  checkCount(dtype, dims, data.length, where);
  return { key, dtype, dims, content: bytesOf(data), begin: 0 };
}

/** Gives each part its place; returns them in the order of their places. */
function assignOffsets(parts: readonly Part[]): readonly Part[] {
  const laidOut = parts.toSorted((a, b) => sizeOfDtype(b.dtype) - sizeOfDtype(a.dtype));
  let position = 0;
  for (const part of laidOut) {
    part.begin = position;
    position += part.content.length;
  }
  return laidOut;
}

function encodeHeader(parts: readonly Part[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const fields = new Map<string, string>();
  if (Object.keys(metadata).length > 0) fields.set(METADATA, JSON.stringify(metadata));
  for (const { key, dtype, dims, content, begin } of parts) {
    if (fields.has(key)) fail(`tensor ${JSON.stringify(key)}`, 'is given twice');
    const offsets = [begin, begin + content.length];
    fields.set(key, JSON.stringify({ dtype: DTYPE_NAMES[dtype], shape: dims, data_offsets: offsets }));
  }
  // Text, not one object: JavaScript would move names that look like integers to the front.
  const text = `{${[...fields].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
  const json = new TextEncoder().encode(text);
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  return padded;
}
