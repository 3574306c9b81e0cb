import { fail } from '../util/error.js';
import { bytesOf } from '../util/typed-array.js';
import type { ARRAY_TYPES } from './array-types.js';
import { convertElements } from './convert-elements.js';
import type { DType, NumericDType } from './dtype.js';
import { decodeBfloat, decodeHalf } from './half.js';

export { codeOfDtype, type DType, dtypeOfCode, type NumericDType, sizeOfDtype } from './dtype.js';

/** A tensor's elements. `float16` and `bfloat16` are bit patterns in a Uint16Array, `bool` is 0 or 1 in a Uint8Array. */
export type TensorData<D extends DType = DType> = D extends NumericDType
  ? (typeof ARRAY_TYPES)[D]['prototype']
  : string[];

/** Elements in row-major order. `data.length` is the product of `dims`; a scalar has no dims and one element. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly dims: readonly number[];
  readonly data: TensorData<D>;
}

/**
 * A tensor of the given elements. Data that already is the dtype's typed array is kept, not copied; for `float16` and
 * `bfloat16` a Uint16Array is bits, anything else is values that get rounded. Numbers for an integer dtype must be
 * integers in its range; for `bool`, 0 or 1. Errors begin with `where`.
 */
export function tensor<D extends DType>(
  dtype: D,
  dims: readonly number[],
  data: ArrayLike<number> | TensorData,
  where = 'tensor',
): Tensor<D> {
  checkCount(dtype, dims, data.length, where);
  return { dtype, dims, data: convertElements(dtype, data, where) };
}

/** A tensor without dimensions. */
export function scalar(value: number, dtype: DType = 'float32'): Tensor {
  return tensor(dtype, [], [value]);
}

/** The elements of a tensor that is float32 unless Agon is wrong: the array itself, no copy. */
export function float32Data({ dtype, data }: Tensor): Float32Array {
  if (dtype === 'float32' && data instanceof Float32Array) return data;
  throw new Error(`internal error: a tensor of ${dtype} where float32 is needed`);
}

/** The bytes of a tensor that isn't of strings, without a copy. */
export function tensorBytes({ dtype, data }: Tensor): Uint8Array {
  if (Array.isArray(data)) throw new Error(`internal error: a tensor of ${dtype} has no bytes`);
  return bytesOf(data);
}

/** The product of the dimensions: 1 for a scalar. Each must be a whole number >= 0, else an error at `where`. */
export function elementCount(dims: readonly number[], where = 'tensor'): number {
  const wrong = dims.find((dim) => !Number.isSafeInteger(dim) || dim < 0);
  if (wrong !== undefined) {
    fail(where, `impossible dimension in ${shapeText(dims)}`, { expected: 'a whole number >= 0', got: `${wrong}` });
  }
  return dims.includes(0) ? 0 : dims.reduce((product, dim) => product * dim, 1);
}

/** Fails at `where` unless the dimensions make `count` elements. */
export function checkCount(dtype: DType, dims: readonly number[], count: number, where: string): void {
  const expected = elementCount(dims, where);
  if (count === expected) return;
  fail(where, `wrong number of elements for ${dtype}${shapeText(dims)}`, { expected: `${expected}`, got: `${count}` });
}

/** Dimensions for a message: `[64, 3, 7, 7]`, cut short beyond 8. */
export function shapeText(dims: readonly number[]): string {
  return `[${dims.slice(0, 8).join(', ')}${dims.length > 8 ? `, ... ${dims.length} dimensions` : ''}]`;
}

/** The elements as plain numbers, float16 and bfloat16 decoded. 64-bit integers beyond 2^53 are rounded. */
export function toNumbers(t: Tensor): number[] {
  const { dtype, data } = t;
  if (Array.isArray(data)) fail('tensor', 'strings have no numeric values', { got: `${dtype}${shapeText(t.dims)}` });
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data, Number);
  if (dtype === 'float16') return Array.from(data, decodeHalf);
  if (dtype === 'bfloat16') return Array.from(data, decodeBfloat);
  return Array.from(data);
}
