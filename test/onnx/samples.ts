import fc from 'fast-check';
import { expect } from 'vitest';
import { ARRAY_TYPES } from '../../src/onnx/array-types.js';
import { type DType, type NumericDType, sizeOfDtype, type Tensor } from '../../src/onnx/tensor.js';
import { bytesOf } from '../../src/util/typed-array.js';

export const NUMERIC: readonly NumericDType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
];

export const DTYPES: readonly DType[] = [...NUMERIC, 'string'];

const DIMS = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });

/** Tensors of a dtype with any bit patterns: up to three dimensions of 0 to 4. */
export function tensorOf(dtype: NumericDType): fc.Arbitrary<Tensor> {
  return DIMS.chain((dims) => {
    const length = dims.reduce((product, dim) => product * dim, 1) * sizeOfDtype(dtype);
    const bytes = fc.uint8Array({ minLength: length, maxLength: length, max: dtype === 'bool' ? 1 : 255 });
    return bytes.map(({ buffer }) => ({ dtype, dims, data: new ARRAY_TYPES[dtype](buffer) }));
  });
}

/** Tensors of all dtypes of a fixed size. */
export const anyTensor: fc.Arbitrary<Tensor> = fc.oneof(...NUMERIC.map(tensorOf));

/** Expects two tensors to be alike bit by bit: a NaN equals itself, 0 and -0 differ. */
export function expectSame(actual: Tensor | undefined, expected: Tensor): void {
  expect({ dtype: actual?.dtype, dims: actual?.dims }).toEqual({ dtype: expected.dtype, dims: expected.dims });
  const [a, b] = [actual?.data ?? [], expected.data];
  // Comparing megabytes element by element takes seconds.
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) expect(Buffer.compare(bytesOf(a), bytesOf(b))).toBe(0);
  else expect(a).toEqual(b);
  expect(a.constructor).toBe(b.constructor);
}
