import { describe, expect, it } from 'vitest';
import { drawPerturbation } from '../../../src/data/perturb/draw.js';
import { POOLS } from '../../../src/data/perturb/pools.js';

const steps = Array.from({ length: 3000 }, (_, step) => step);

describe('what is perturbed when', () => {
  it('every k steps', () => {
    const drawn = steps.map((step) => drawPerturbation({ pool: 'release', when: { every: 10 }, networks: 2 }, 5, step));
    expect(steps.filter((step) => drawn[step])).toEqual(steps.filter((step) => step % 10 === 9));
  });

  it.each([
    ['paper', 5],
    ['release', 6],
  ] as const)('with a probability, each network and each operation of the pool %s as often', (pool, operations) => {
    const drawn = steps.flatMap((step) => {
      return drawPerturbation({ pool, when: { probability: 0.5 }, networks: 3 }, 5, step) ?? [];
    });
    // Four standard deviations of a binomial count
    const near = (count: number, share: number, of: number) => {
      expect(Math.abs(count - share * of)).toBeLessThan(4 * Math.sqrt(of * share * (1 - share)));
    };
    near(drawn.length, 0.5, 3000);
    for (const network of [0, 1, 2]) near(drawn.filter((each) => each.network === network).length, 1 / 3, drawn.length);
    expect(Object.keys(POOLS[pool])).toHaveLength(operations);
    for (const name of Object.keys(POOLS[pool])) {
      near(drawn.filter(({ operation }) => operation === name).length, 1 / operations, drawn.length);
    }
  });

  it('is a function of seed and step', () => {
    const draw = (seed: number) => {
      return steps.map((step) => drawPerturbation({ pool: 'paper', when: { every: 1 }, networks: 2 }, seed, step));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});
