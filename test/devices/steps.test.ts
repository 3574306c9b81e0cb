import { describe, expect, it } from 'vitest';
import { answersOf, expectedOf, expectNear, present } from './support/answers.js';
import { PLACE_NAMES } from './support/places.js';

/** Rounding through a whole step, of the largest number of a tensor; a batch of four amplifies it in the normalisations. */
const LIMIT = 1e-3;

const expected = await expectedOf('steps');
const titles = Object.keys(expected);

/** Of how many cases all elements of ReLUs, clips and poolings must be on the same side as on the CPU: else there is little that is compared. */
const COMPARED = 0.75;

describe.each(PLACE_NAMES)('whole steps on %s', async (place) => {
  const outcome = await answersOf('steps', place);
  const sides = (title: string, k: number) => {
    const key = `sides ${k}`;
    return 'absent' in outcome ? false : outcome[title]?.[key]?.[0] === expected[title]?.[key]?.[0];
  };

  it.for(titles)('%s', (title, { skip }) => {
    const got = present(outcome, { skip })[title] ?? {};
    const numbers = expected[title] ?? {};
    for (const [name, values] of Object.entries(numbers)) {
      const [, k] = / of step (\d+)$/.exec(name) ?? [];
      // An element that rounding puts on the other side of a kink changes gradients, and so all that comes after
      const isSame = k === undefined ? sides(title, 0) && sides(title, 1) : k === '0' || sides(title, 0);
      if (isSame && !name.startsWith('sides')) expectNear(got[name], values, LIMIT, name);
    }
  });

  it('takes the same sides of kinks, but for a few', ({ skip }) => {
    present(outcome, { skip });
    const same = titles.filter((title) => sides(title, 0) && sides(title, 1));
    expect(same.length).toBeGreaterThanOrEqual(COMPARED * titles.length);
  });
});
