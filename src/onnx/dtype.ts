import { keysOf } from '../util/checked.js';
import { fail } from '../util/error.js';

/** The element types that Agon handles. They are spelt as in numpy and onnxruntime. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string';

/** The element types of a fixed size; `bool` is among them. */
export type NumericDType = Exclude<DType, 'string'>;

/** `TensorProto.DataType` of onnx.proto. */
const CODES: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

/** `TensorProto.DataType` names that Agon knows only to name them in an error. */
const UNSUPPORTED: Readonly<Record<number, string>> = {
  0: 'UNDEFINED',
  14: 'COMPLEX64',
  15: 'COMPLEX128',
  17: 'FLOAT8E4M3FN',
  18: 'FLOAT8E4M3FNUZ',
  19: 'FLOAT8E5M2',
  20: 'FLOAT8E5M2FNUZ',
  21: 'UINT4',
  22: 'INT4',
  23: 'FLOAT4E2M1',
  24: 'FLOAT8E8M0',
  25: 'UINT2',
  26: 'INT2',
};

const SIZES: Readonly<Record<NumericDType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
};

const BY_CODE: ReadonlyMap<number, DType> = new Map(keysOf(CODES).map((dtype) => [CODES[dtype], dtype]));

/** The `TensorProto.DataType` code of an element type. */
export function codeOfDtype(dtype: DType): number {
  return CODES[dtype];
}

/**
 * The element type of a `TensorProto.DataType` code. A code that Agon doesn't handle is an {@link AgonError} at `where`.
 */
export function dtypeOfCode(code: number, where = 'onnx'): DType {
  const dtype = BY_CODE.get(code);
  if (dtype) return dtype;
  const name = UNSUPPORTED[code];
  fail(where, 'unsupported element type', {
    expected: `one of ${Object.keys(CODES).join(', ')}`,
    got: name ? `${name} (code ${code})` : `code ${code}`,
  });
}

/** The size of an element in bytes. */
export function sizeOfDtype(dtype: NumericDType): number {
  return SIZES[dtype];
}
