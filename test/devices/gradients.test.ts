import { describe, expect, it } from 'vitest';
import { answersOf, expectedOf, expectNear, present } from './support/answers.js';
import { CASE_TITLES } from './support/job-cases.js';
import { PLACE_NAMES } from './support/places.js';

/**
 * Rows of the table of gradient rules that ONNX Runtime 1.30 has no kernels for on WebGPU, so that a session for such a graph is refused;
 * none of Agon's networks has them.
 */
const REFUSED = new Set([
  'Dropout (inference form)',
  'Cast (to double)',
  'LayerNormalization (scale and bias that broadcast)',
  'LRN',
  'LRN (another bias)',
  'LRN (one channel at a time)',
]);

/** Rounding, of the largest number of an output. */
const LIMIT = 2e-5;

const expected = await expectedOf('gradients');

describe.each(PLACE_NAMES)('operators that have a gradient rule, and their gradients, on %s', async (place) => {
  const outcome = await answersOf('gradients', place);

  it.for(CASE_TITLES)('%s', (title, { skip }) => {
    const got = present(outcome, { skip })[title] ?? {};
    if (place === 'webgpu' && REFUSED.has(title)) return expect(got).toEqual({});
    for (const [name, numbers] of Object.entries(expected[title] ?? {})) expectNear(got[name], numbers, LIMIT, name);
  });
});
