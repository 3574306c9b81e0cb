import { describe, expect, it } from 'vitest';
import { bytesOf, viewAs } from '../../src/util/typed-array.js';

describe('viewAs', () => {
  const numbers = BigInt64Array.of(3n, -5n, 2n ** 40n);

  it('is a view where the offset is aligned', () => {
    const bytes = bytesOf(numbers);
    expect(viewAs(BigInt64Array, bytes).buffer).toBe(bytes.buffer);
    expect(viewAs(BigInt64Array, bytes)).toEqual(numbers);
  });

  for (const [name, Bytes] of [
    ['a Uint8Array', Uint8Array],
    ['a Buffer', Buffer],
  ] as const) {
    it.each([1, 3, 4, 7])(`copies ${name} at offset %i`, (offset) => {
      const whole = Bytes.from(Array.from({ length: 40 }, () => 0xaa));
      whole.set(bytesOf(numbers), offset);
      expect(viewAs(BigInt64Array, whole.subarray(offset, offset + 24))).toEqual(numbers);
    });
  }
});
