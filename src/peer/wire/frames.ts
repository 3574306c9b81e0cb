import { ARRAY_TYPES } from '../../onnx/array-types.js';
import { type Tensor, tensorBytes } from '../../onnx/tensor.js';
import { viewElements } from '../../onnx/view-elements.js';
import { AgonError, fail } from '../../util/error.js';

/** In the place of a tensor: the number of the frame that has its elements. */
interface Reference {
  readonly frame: number;
  readonly dtype: keyof typeof ARRAY_TYPES;
  readonly dims: readonly number[];
}

const REFERENCE = '$tensor';

/**
 * A message of plain data and tensors as frames: the first is JSON, the others are the elements of its tensors, little-endian. They are
 * copies. Numbers must be finite.
 */
export function toFrames(message: object): Buffer[] {
  const frames: Buffer[] = [];
  const text = JSON.stringify(message, (_, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`internal error: ${value} in a message`);
    if (!isTensor(value)) return value;
    frames.push(Buffer.from(tensorBytes(value)));
    return { [REFERENCE]: { frame: frames.length, dtype: value.dtype, dims: value.dims } };
  });
  return [Buffer.from(text), ...frames];
}

/** The message that frames were made of. Its tensors are views of the frames where these are aligned. */
export function fromFrames([text, ...frames]: readonly Uint8Array[], where: string): unknown {
  try {
    return JSON.parse(Buffer.from(text ?? []).toString(), (_, value: unknown) => {
      return isReference(value) ? tensorOf(value[REFERENCE], frames, where) : value;
    });
  } catch (error) {
    if (error instanceof AgonError) throw error;
    return fail(where, 'a message that is none of Agon', { cause: error });
  }
}

function tensorOf({ frame, dtype, dims }: Reference, frames: readonly Uint8Array[], where: string): Tensor {
  const bytes = frames[frame - 1];
  if (!bytes || !Object.hasOwn(ARRAY_TYPES, dtype) || !Array.isArray(dims))
    fail(where, 'a message with a damaged tensor');
  return viewElements(dtype, dims, bytes, where);
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
