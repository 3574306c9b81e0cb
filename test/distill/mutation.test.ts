import { describe, expect, it } from 'vitest';
import { crossOver, matesOf, mutate, planPerturbation } from '../../src/distill/mutation.js';
import { createNetwork } from '../../src/nets/registry.js';
import { tensor } from '../../src/onnx/tensor.js';
import { stream } from '../../src/util/random.js';

const COUNT = 20_000;

/** Numbers whose root mean square is 2: half of them 0, half of them the square root of 8. */
const weights = () =>
  tensor(
    'float32',
    [COUNT],
    Float32Array.from({ length: COUNT }, (_, i) => (i % 2) * Math.sqrt(8)),
  );

describe('mutate', () => {
  it('adds normal noise of sigma times the root mean square, also to what is 0', () => {
    const weight = weights();
    const noise = Array.from(mutate(weight, 0.1, stream(1, 'a')).data as Float32Array, (w, i) => {
      return w - (weight.data[i] as number);
    });
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Four standard errors: 0.2 / sqrt(n) of a mean, 0.2 / sqrt(2 n) of a deviation.
    for (const half of [0, 1].map((odd) => noise.filter((_, i) => i % 2 === odd))) {
      expect(Math.abs(mean(half))).toBeLessThan((4 * 0.2) / Math.sqrt(half.length));
      const deviation = Math.sqrt(mean(half.map((value) => value ** 2)));
      expect(Math.abs(deviation - 0.2)).toBeLessThan((4 * 0.2) / Math.sqrt(2 * half.length));
    }
    // Of normal noise, 4.55 % lie beyond two deviations, with a standard error of 0.15 %.
    const beyond = noise.filter((value) => Math.abs(value) > 0.4).length / noise.length;
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.006);
  });

  it('is w + sigma * rms * normal, each in its turn', () => {
    const random = stream(7, 'b');
    const expected = [3, -4].map((w) => Math.fround(w + 0.5 * Math.sqrt((9 + 16) / 2) * random.normal()));
    const weight = tensor('float32', [2, 1], [3, -4]);
    expect(mutate(weight, 0.5, stream(7, 'b'))).toEqual(tensor('float32', [2, 1], expected));
    expect(weight.data).toEqual(Float32Array.of(3, -4));
  });

  it('leaves zeros', () => {
    const zeros = tensor('float32', [3], [0, 0, 0]);
    expect(mutate(zeros, 0.5, stream(7, 'b'))).toEqual(zeros);
  });
});

describe('crossOver', () => {
  it('goes the same part of the way everywhere, uniform over tensors', () => {
    const [own, other] = [tensor('float32', [3], [0, 1, -8]), tensor('float32', [3], [1, 3, 8])];
    const parts = Array.from({ length: 2000 }, (_, i) => {
      const [t = Number.NaN, b = Number.NaN, c = Number.NaN] = crossOver(own, other, stream(3, i)).data as Float32Array;
      expect([b, c]).toEqual([expect.closeTo(1 + 2 * t, 5), expect.closeTo(-8 + 16 * t, 5)]);
      return t;
    });
    expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...parts)).toBeLessThanOrEqual(1);
    const quarter = parts.filter((t) => t < 0.25).length / parts.length;
    expect(Math.abs(quarter - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / parts.length));
  });
});

describe('planPerturbation', () => {
  const plans = (mates: readonly (readonly number[])[], crossover: number) =>
    Array.from({ length: 4000 }, (_, i) => planPerturbation(stream(9, i), mates, crossover));
  const share = <T>(list: readonly T[], of: (item: T) => boolean) => list.filter(of).length / list.length;

  it('draws networks evenly, crossover with its probability, and every mate', () => {
    const all = plans(
      [
        [1, 2],
        [0, 2],
        [0, 1],
      ],
      0.3,
    );
    for (const i of [0, 1, 2]) expect(share(all, ({ network }) => network === i)).toBeCloseTo(1 / 3, 1);
    expect(Math.abs(share(all, ({ operation }) => operation === 'crossover') - 0.3)).toBeLessThan(0.03);
    for (const { operation, mate, network } of all) {
      expect(operation === 'crossover' ? mate !== null && mate !== network : mate === null).toBe(true);
    }
    const ofFirst = all.filter(({ network, mate }) => network === 0 && mate !== null);
    expect(share(ofFirst, ({ mate }) => mate === 1)).toBeCloseTo(0.5, 1);
  });

  it('only mutates where there is no mate, or no crossover', () => {
    for (const { operation, network } of plans([[], [2], [1]], 1)) {
      expect(operation).toBe(network === 0 ? 'mutation' : 'crossover');
    }
    expect(plans([[1], [0]], 0).every(({ operation }) => operation === 'mutation')).toBe(true);
  });
});

it('mates are the others with the same weights', () => {
  const input = { classes: 3, channels: 1, height: 8, width: 8 };
  const build = (widths: number[]) => createNetwork({ family: 'resnet-cifar', blocks_per_stage: 1, widths }, input);
  expect(matesOf([build([4, 8]), build([6, 8]), build([4, 8]), build([4, 8])])).toEqual([[2, 3], [], [0, 3], [0, 2]]);
});
