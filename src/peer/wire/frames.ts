import { ARRAY_TYPES } from '../../onnx/array-types.js';
import { type Tensor, tensorBytes } from '../../onnx/tensor.js';
import { viewElements } from '../../onnx/view-elements.js';
import { AgonError, fail } from '../../util/error.js';

/** Where a tensor's elements are: that of these frames, so many of them. */
interface Reference {
  readonly first: number;
  readonly count: number;
  readonly dtype: keyof typeof ARRAY_TYPES;
  readonly dims: readonly number[];
}

const REFERENCE = '$tensor';

/** Signs of life go between two frames: on a slow line a longer one would keep them from coming in time. */
export const FRAME_BYTES = 2 ** 20;

/**
 * A message of plain data and tensors as frames. The first says how many of the next ones are text, JSON; the others are the elements of its tensors,
 * little-endian. All are copies, none is longer than {@link FRAME_BYTES}. Numbers must be finite.
 */
export function toFrames(message: object): Buffer[] {
  const elements: Buffer[] = [];
  const text = JSON.stringify(message, (_, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`internal error: ${value} in a message`);
    if (!isTensor(value)) return value;
    const first = elements.length;
    elements.push(...cut(Buffer.from(tensorBytes(value))));
    return { [REFERENCE]: { first, count: elements.length - first, dtype: value.dtype, dims: value.dims } };
  });
  const texts = cut(Buffer.from(text));
  return [Buffer.from(String(texts.length)), ...texts, ...elements];
}

/** The message that frames were made of. */
export function fromFrames([head, ...frames]: readonly Uint8Array[], where: string): unknown {
  const texts = Number(Buffer.from(head ?? []).toString() || Number.NaN);
  const elements = frames.slice(texts);
  try {
    return JSON.parse(Buffer.concat(frames.slice(0, texts)).toString(), (_, value: unknown) => {
      return isReference(value) ? tensorOf(value[REFERENCE], elements, where) : value;
    });
  } catch (error) {
    if (error instanceof AgonError) throw error;
    return fail(where, 'a message that is none of Agon', { cause: error });
  }
}

function cut(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / FRAME_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES));
}

function tensorOf({ first, count, dtype, dims }: Reference, elements: readonly Uint8Array[], where: string): Tensor {
  if (!Object.hasOwn(ARRAY_TYPES, dtype) || !Array.isArray(dims)) fail(where, 'a message with a damaged tensor');
  return viewElements(dtype, dims, Buffer.concat(elements.slice(first, first + count)), where);
}

function isTensor(value: unknown): value is Tensor {
  return isObject(value) && 'dtype' in value && 'dims' in value && ArrayBuffer.isView(value.data);
}

function isReference(value: unknown): value is { readonly [REFERENCE]: Reference } {
  return isObject(value) && isObject(value[REFERENCE]);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
