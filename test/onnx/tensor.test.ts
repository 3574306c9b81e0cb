import { expect, test } from 'vitest';
import {
  codeOfDtype,
  dtypeOfCode,
  elementCount,
  scalar,
  type Tensor,
  tensor,
  toNumbers,
} from '../../src/onnx/tensor.js';
import { AgonError } from '../../src/util/error.js';
import { DTYPES, NUMERIC } from './samples.js';

test.each(DTYPES)('the code of %s names it', (dtype) => {
  expect(dtypeOfCode(codeOfDtype(dtype))).toBe(dtype);
});

test('a code that Agon lacks is named', () => {
  expect(() => dtypeOfCode(17)).toThrow(/FLOAT8E4M3FN \(code 17\)/);
  expect(() => dtypeOfCode(99)).toThrow(AgonError);
});

test.each(NUMERIC)('numbers become a %s tensor and come back', (dtype) => {
  const values = [0, 1, 1, 0, 1, 0];
  expect(toNumbers(tensor(dtype, [2, 3], values))).toEqual(values);
  expect(toNumbers(scalar(1, dtype))).toEqual([1]);
});

test('data of the right type is kept as it is', () => {
  const data = Float32Array.of(1, 2);
  expect(tensor('float32', [2], data).data).toBe(data);
  const bits = Uint16Array.of(0x3c00);
  expect(toNumbers(tensor('float16', [1], bits))).toEqual([1]);
});

test('16-bit floats are rounded from values', () => {
  expect(toNumbers(tensor('float16', [3], [0.1, -1e9, 5]))).toEqual([0.0999755859375, Number.NEGATIVE_INFINITY, 5]);
  expect(toNumbers(tensor('bfloat16', [1], Float32Array.of(0.1)))).toEqual([0.10009765625]);
});

test('64-bit integers are bigints', () => {
  expect(tensor('int64', [2], [-3, 4]).data).toEqual(BigInt64Array.of(-3n, 4n));
  expect(tensor('uint64', [1], BigInt64Array.of(7n)).data).toEqual(BigUint64Array.of(7n));
});

test.each<[string, () => Tensor]>([
  ['a length that is not the product of the dimensions', () => tensor('float32', [2, 3], [1])],
  ['a negative dimension', () => tensor('float32', [-1], [])],
  ['a fractional dimension', () => tensor('float32', [0.5], [])],
  ['a fraction for int32', () => tensor('int32', [1], [1.5])],
  ['a fraction for int64', () => tensor('int64', [1], [1.5])],
  ['NaN for int64', () => tensor('int64', [1], [Number.NaN])],
  ['a negative number for uint8', () => tensor('uint8', [1], [-1])],
  ['2 for bool', () => tensor('bool', [1], [2])],
  ['2^63 for int64', () => tensor('int64', [1], [2 ** 63])],
  ['-1 for uint64', () => tensor('uint64', [1], BigInt64Array.of(-1n))],
  ['a string for float32', () => tensor('float32', [1], ['a'])],
  ['a number for string', () => tensor('string', [1], [1])],
])('%s is an error', (_, make) => {
  expect(make).toThrow(AgonError);
});

test('counts elements', () => {
  expect([elementCount([]), elementCount([2, 3]), elementCount([4, 0])]).toEqual([1, 6, 0]);
});

test('strings have no numbers', () => {
  expect(() => toNumbers(tensor('string', [1], ['a']))).toThrow('strings have no numeric values');
});
