import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBfloat, decodeHalf, encodeBfloat, encodeHalf } from '../../src/onnx/half.js';

/** Every bit pattern that is a number. NaNs have many. */
function numberBits(decode: (bits: number) => number): number[] {
  return Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => !Number.isNaN(decode(bits)));
}

test.each([
  ['float16', encodeHalf, decodeHalf, 2 * 31 * 1024 + 2],
  ['bfloat16', encodeBfloat, decodeBfloat, 2 * 255 * 128 + 2],
])('%s: every number encodes to its own bits', (_, encode, decode, count) => {
  const bits = numberBits(decode);
  expect(bits.length).toBe(count);
  expect(bits.filter((pattern) => encode(decode(pattern)) !== pattern)).toEqual([]);
});

test.each([
  ['float16', encodeHalf, decodeHalf],
  ['bfloat16', encodeBfloat, decodeBfloat],
])('%s: a number encodes to the nearest, ties to the even mantissa', (_, encode, decode) => {
  const property = (value: number) => {
    const bits = encode(value);
    const error = Math.abs(decode(bits) - value);
    for (const neighbour of [bits - 1, bits + 1].filter((near) => ((near ^ bits) & 0x8000) === 0)) {
      const other = Math.abs(decode(neighbour) - value);
      expect(error < other || Number.isNaN(other) || (error === other && bits % 2 === 0)).toBe(true);
    }
  };
  fc.assert(fc.property(fc.double({ min: -65_519, max: 65_519, noNaN: true }), property));
  fc.assert(fc.property(fc.double({ min: -1e-4, max: 1e-4, noNaN: true }), property));
});

test.each([
  // Values of IEEE 754 binary16: Wikipedia, "Half-precision floating-point format", examples.
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65519.99, 0x7bff],
  [65520, 0x7c00],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [1.5 * 2 ** -24, 0x0002],
  [1 / 3, 0x3555],
  [-0, 0x8000],
  [Number.POSITIVE_INFINITY, 0x7c00],
  [-1e300, 0xfc00],
  [Number.NaN, 0x7e00],
])('float16 of %d', (value, bits) => {
  expect(encodeHalf(value)).toBe(bits);
});

test('bfloat16 is a float32 rounded to its upper half', () => {
  expect(encodeBfloat(1)).toBe(0x3f80);
  expect(encodeBfloat(3.140625)).toBe(0x4049);
  expect(encodeBfloat(1 + 2 ** -8)).toBe(0x3f80);
  expect(encodeBfloat(1 + 3 * 2 ** -8)).toBe(0x3f82);
  expect(encodeBfloat(3.4e38)).toBe(0x7f80);
  expect(encodeBfloat(2 ** -133)).toBe(0x0001);
  expect(encodeBfloat(Number.NaN)).toBe(0x7fc0);
});
