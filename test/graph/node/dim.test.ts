import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broadcastAxes } from '../../../src/graph/node/axes.js';
import { broadcastShapes, type Dim, product, quotient, type Shape, sameShape } from '../../../src/graph/node/dim.js';
import { settle, settleShape } from '../support/dims.js';

const SYMBOLS = { N: 7, M: 11, 'a.b_1': 13 };
const dim: fc.Arbitrary<Dim> = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.array(fc.constantFrom(...Object.keys(SYMBOLS)), { maxLength: 2 }))
  .map(([factor, symbols]) => product([factor, ...symbols]));
const shape = fc.array(dim, { maxLength: 4 });
const numeric = (dims: Shape) => settleShape(dims, SYMBOLS);

describe('products and quotients of sizes', () => {
  it('mean the same as those of the numbers', () => {
    fc.assert(
      fc.property(shape, (dims) => {
        expect(settle(product(dims), SYMBOLS)).toBe(numeric(dims).reduce((a, b) => a * b, 1));
      }),
    );
  });

  it('don’t depend on the order or the grouping', () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        expect(product([...a, ...b])).toBe(product([...b].reverse().concat([...a].reverse())));
        expect(product([product(a), product(b)])).toBe(product([...a, ...b]));
      }),
    );
  });

  it('undo each other', () => {
    fc.assert(
      fc.property(dim, dim, (a, b) => {
        expect(quotient(product([a, b]), b)).toBe(a);
      }),
    );
  });

  it('are sizes only where every value of the symbols divides', () => {
    fc.assert(
      fc.property(dim, dim, (a, b) => {
        const result = quotient(a, b);
        if (result !== undefined) expect(product([result, b])).toBe(a);
      }),
    );
    expect([quotient(24, 5), quotient('N', 2), quotient('N', 'M'), quotient(4, 0)]).toEqual(Array(4).fill(undefined));
  });

  it('are written with the factor first', () => {
    expect(product(['N', 48])).toBe('48*N');
    expect(product(['N', 'M', 2, 'N'])).toBe('2*M*N*N');
    expect(product([0, 'N'])).toBe(0);
  });
});

describe('broadcasting', () => {
  it('of numbers is that of numpy', () => {
    const small = fc.array(fc.constantFrom(1, 2, 3), { maxLength: 4 });
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(broadcastShapes([a, b])).toEqual(byLoops(a, b));
      }),
    );
  });

  it('doesn’t depend on the order', () => {
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        expect(broadcastShapes([a, b])).toEqual(broadcastShapes([b, a]));
      }),
    );
  });

  it('keeps a shape that a part of it is broadcast to, and knows the axes', () => {
    const flags = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(shape, flags, fc.nat(4), (target, ones, dropped) => {
        const source = target.map((size, i) => (ones[i] ? 1 : size)).slice(dropped);
        expect(sameShape(broadcastShapes([target, source]) ?? [], target)).toBe(true);
        const axes = broadcastAxes(source, target);
        const kept = target.filter((_, i) => !axes.includes(i));
        expect(kept).toEqual(source.filter((size, i) => size !== 1 || target[target.length - source.length + i] === 1));
      }),
    );
  });

  it('refuses two symbols, and a symbol with a number', () => {
    expect(broadcastShapes([['N'], ['M']])).toBeUndefined();
    expect(broadcastShapes([['N'], [2]])).toBeUndefined();
  });
});

function byLoops(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let i = 1; i <= rank; i++) {
    const [x, y] = [a[a.length - i] ?? 1, b[b.length - i] ?? 1];
    if (x !== y && x !== 1 && y !== 1) return undefined;
    result.unshift(Math.max(x, y));
  }
  return result;
}
