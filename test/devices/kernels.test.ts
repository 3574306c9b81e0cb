import { describe, expect, it } from 'vitest';
import { flattenState } from '../../src/lower/flat/flatten.js';
import { gpu } from '../../src/lower/gpu/gpu.js';
import { lower } from '../../src/lower/lower.js';
import { countKernels } from '../lower/gpu/kernels.js';
import { answersOf, present } from './support/answers.js';
import { COUNTED, countedStep } from './support/job-kernels.js';

/** By how much the table may be above what a profile counts: graph passes take out some nodes, and devices bind more buffers than the fewest. */
const ABOVE = 1.05;

const MOST: Readonly<Record<string, number>> = { resnet8: 450 };

describe('the kernels that a step starts on WebGPU', async () => {
  const outcome = await answersOf('kernels', 'webgpu');

  it.for(COUNTED)('%s: as the table of kernels has them', (net, { skip }) => {
    const counted = present(outcome, { skip })[net]?.kernels?.[0] ?? Number.NaN;
    const expected = countKernels(lower(flattenState(countedStep(net).source).carried.graph, gpu));
    expect(counted).toBeLessThanOrEqual(Math.min(expected, MOST[net] ?? expected));
    expect(counted * ABOVE).toBeGreaterThanOrEqual(expected);
  });
});
