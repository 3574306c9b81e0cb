import { describe, it } from 'vitest';
import { answersOf, expectedOf, expectNear, present } from './support/answers.js';
import { PLACE_NAMES } from './support/places.js';

/** Rounding, of the largest number of an output: a product of matrices adds up to some thousands of terms. */
const LIMIT = 1e-5;

const expected = await expectedOf('operators');

describe.each(PLACE_NAMES)('every operator of the steps that WebGPU runs, alone, on %s', async (place) => {
  const outcome = await answersOf('operators', place);

  it.for(Object.keys(expected))('%s', (title, { skip }) => {
    const got = present(outcome, { skip });
    expectNear(got[title]?.y, expected[title]?.y ?? [], LIMIT, title);
  });
});
