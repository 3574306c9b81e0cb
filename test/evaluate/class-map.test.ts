import { describe, expect, it } from 'vitest';
import { classMap } from '../../src/evaluate/class-map.js';

describe('the classes of data among those of a classifier', () => {
  const classes = ['tench, Tinca tinca', 'crane', 'crane, bird', 'bee'];

  it('are found by whole names and by synonyms', () => {
    expect(classMap('data', ['bee', 'Tinca tinca', 'crane', undefined], classes)).toEqual({
      map: [3, 0, 1, -1],
      absent: ['crane, bird'],
    });
    expect(classMap('data', ['bird', 'tench, Tinca tinca'], classes).map).toEqual([2, 0]);
  });

  it('are not found by synonyms that several classes have, or by parts of words', () => {
    expect(() => classMap('data', ['old'], ['a, old', 'b, old'])).toThrow('got old');
    expect(() => classMap('data', ['ten'], classes)).toThrow('got ten');
  });
});
