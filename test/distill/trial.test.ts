import { describe, expect, it } from 'vitest';
import { addStep, bestOther, judge, lowest, marginOf, type Trial } from '../../src/distill/trial.js';

const begun: Trial = { network: 1, operation: 'mutation', mate: null, start: 7, ce: [0, 0, 0] };

describe('a trial', () => {
  it('adds up the cross-entropies of its steps', () => {
    expect(addStep(addStep(begun, [1, 2, 3]), [0.5, 0.25, 4]).ce).toEqual([1.5, 2.25, 7]);
    expect(begun.ce).toEqual([0, 0, 0]);
  });

  it.each([
    ['best of all', [8, 6, 10], true, 0.5],
    ['better than one only', [8, 9, 10], false, -0.25],
    ['worst', [8, 16, 10], false, -2],
    ['as good as the best other', [8, 8, 10], false, 0],
  ])('keeps what is better than all others: %s', (_, ce, kept, gain) => {
    const verdict = judge({ ...begun, ce }, 4);
    expect([verdict.network, verdict.operation, verdict.kept]).toEqual([1, 'mutation', kept]);
    expect(verdict.gain).toBe(gain);
  });
});

describe('a ranking', () => {
  it('knows the best of the others', () => {
    expect([0, 1, 2].map((i) => bestOther([3, 1, 2], i))).toEqual([1, 2, 1]);
    expect(bestOther([5], 0)).toBe(5);
  });

  it('has a margin from the best to the second', () => {
    expect(marginOf([3, 1, 2.5])).toBe(1.5);
    expect(marginOf([2, 2, 7])).toBe(0);
    expect(marginOf([5])).toBe(0);
  });

  it('is won by the first of equals', () => {
    expect(lowest([3, 1, 1])).toBe(1);
  });
});
