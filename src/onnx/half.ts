/**
 * The two 16-bit floating-point formats of ONNX as bit patterns: IEEE 754 binary16 (`float16`: 10 mantissa bits, bias
 * 15) and bfloat16 (7 mantissa bits, bias 127). Encoding rounds to the nearest value, ties to even, straight from the
 * double; too large becomes infinity, NaN becomes the quiet NaN.
 */

/** The bits of the float16 nearest to a number. */
export function encodeHalf(value: number): number {
  return encode(value, 10, 15);
}

/** The number that float16 bits stand for. */
export function decodeHalf(bits: number): number {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, i) => half(i));
  return halves[bits & 0xffff] as number;
}

/** The bits of the bfloat16 nearest to a number. */
export function encodeBfloat(value: number): number {
  return encode(value, 7, 127);
}

/** The number that bfloat16 bits stand for: they are the upper half of a float32. */
export function decodeBfloat(bits: number): number {
  words.setUint32(0, bits << 16);
  return words.getFloat32(0);
}

/** One scratch double, read as words. */
const words = new DataView(new ArrayBuffer(8));

/** All float16 values by bits, made at first use (256 KiB). */
let halves: Float32Array | undefined;

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

function encode(value: number, mantissaBits: number, bias: number): number {
  words.setFloat64(0, value);
  const high = words.getUint32(0);
  const sign = (high >>> 16) & 0x8000;
  const infinity = (2 * bias + 1) << mantissaBits;
  if (Number.isNaN(value)) return infinity | (1 << (mantissaBits - 1));
  if (!Number.isFinite(value)) return sign | infinity;
  // Below the least normal exponent the spacing stays that of the least normal: subnormal numbers.
  const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, 1 - bias);
  if (exponent > bias) return sign | infinity;
  const steps = roundToEven(Math.abs(value) * 2 ** (mantissaBits - exponent));
  // The leading one of a normal number's steps counts the exponent up by one, and so does a carry.
  return sign | (((exponent + bias - 1) << mantissaBits) + steps);
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
