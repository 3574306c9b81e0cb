import { describe, expect, it } from 'vitest';
import { compareLogits } from '../../src/export/parity.js';

const compare = (expected: readonly number[], got: readonly number[]) =>
  compareLogits('net', Float64Array.from(expected), Float32Array.from(got));

describe('the parity of logits', () => {
  it.each([
    [[1, -2, 3], [1, -2, 3], 0],
    [[1000, -2000], [1000.5, -2000], 0.5],
    [[0, 0], [5e-6, 0], 5e-6],
  ])('holds for %j and %j', (expected, got, difference) => {
    expect(compare(expected, got)).toBeCloseTo(difference, 5);
  });

  it.each([
    [[1, -2, 3], [1, -2, 3.01], 'the exported model disagrees with the trainer'],
    [[0.001, 0], [0, 0.001], 'the exported model disagrees with the trainer'],
    [[1, 2, 3], [1, 2], 'the exported model disagrees with the trainer'],
    [[1e22, -3e22], [1e22 + 1e19, -3e22], 'the trainer’s logits: the network has diverged'],
    [[1, Number.NaN], [1, Number.NaN], 'the trainer’s logits: the network has diverged'],
    [[1, Number.POSITIVE_INFINITY], [1, 2], 'the trainer’s logits: the network has diverged'],
    [[1, Number.NEGATIVE_INFINITY], [1, Number.NEGATIVE_INFINITY], 'the trainer’s logits: the network has diverged'],
    [[1, 2], [1, Number.NaN], 'the exported model’s logits: the network has diverged'],
    [[1, 2], [1, Number.POSITIVE_INFINITY], 'the exported model’s logits: the network has diverged'],
  ])('fails for %j and %j', (expected, got, message) => {
    expect(() => compare(expected, got)).toThrow(message);
  });

  it('names the network where rounding alone makes the difference', () => {
    const compare = (shaken: number) => () =>
      compareLogits('net', Float64Array.of(1, -2, 4), Float32Array.of(1, -2, 4.5), shaken);
    expect(compare(0.3)).toThrow(/diverged.* by 0\.004 at most .*a millionth, got 0\.3\. .*lower learning rate/);
    expect(compare(0.003)).toThrow('the exported model disagrees with the trainer');
  });
});
