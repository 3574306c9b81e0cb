import type { DType } from './dtype.js';

/** The arrays that hold plain numbers; 16-bit floats are kept as bits. */
export const NUMBER_ARRAY_TYPES = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const;

/** The arrays that hold bigints. */
export const BIG_ARRAY_TYPES = { int64: BigInt64Array, uint64: BigUint64Array } as const;

/** The array that holds the elements of each dtype but `string`. */
export const ARRAY_TYPES = { ...NUMBER_ARRAY_TYPES, ...BIG_ARRAY_TYPES } as const;

/** Whether a dtype's elements are bigints. */
export function isBig(dtype: DType): dtype is keyof typeof BIG_ARRAY_TYPES {
  return dtype in BIG_ARRAY_TYPES;
}
