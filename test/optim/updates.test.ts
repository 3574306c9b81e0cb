import { describe, expect, it } from 'vitest';
import { type AdamWSettings, createOptimizer, type SgdSettings } from '../../src/optim/optimizer.js';
import { adamwLoop, huggingFaceAdamwLoop, sgdLoop } from './loops.js';
import { largestDifference, randomStart, replay, type Start, type Trace } from './optimizers.js';

const STEPS = 10;
/** A rate that changes from step to step. */
const rates = (base: number) => (step: number) => base / step;

async function compare(
  start: Start,
  settings: SgdSettings | AdamWSettings,
  expected: readonly Trace[],
  tolerance: number,
): Promise<void> {
  const optimizer = createOptimizer(settings);
  const lrAt = rates(settings.lr);
  const got = await replay(optimizer, start, (step) => optimizer.scalarsAt(lrAt(step), step));
  expect(got.length).toBe(STEPS);
  got.forEach(({ parameter, states }, i) => {
    const trace = expected[i] as Trace;
    expect(largestDifference(parameter, trace.parameter), `step ${i}`).toBeLessThan(tolerance);
    expect(states.length).toBe(trace.states.length);
    states.forEach((state, s) => {
      expect(largestDifference(state, trace.states[s] as number[]), `${optimizer.states[s]}, step ${i}`).toBeLessThan(
        tolerance,
      );
    });
  });
  const last = expected.at(-1) as Trace;
  expect(largestDifference(start.parameter, last.parameter)).toBeGreaterThan(100 * tolerance);
}

describe('SGD against float64 loops, 10 steps', () => {
  it.each([
    { momentum: 0, weightDecay: 0, nesterov: false },
    { momentum: 0, weightDecay: 0.05, nesterov: false },
    { momentum: 0.9, weightDecay: 0, nesterov: false },
    { momentum: 0.9, weightDecay: 5e-4, nesterov: false },
    { momentum: 0.9, weightDecay: 0, nesterov: true },
    { momentum: 0.8, weightDecay: 0.05, nesterov: true },
  ])('$momentum, weight decay $weightDecay, nesterov $nesterov', async (options) => {
    const settings: SgdSettings = { name: 'sgd', lr: 0.1, ...options };
    const start = randomStart(JSON.stringify(options), 13, STEPS);
    const optimizer = createOptimizer(settings);
    expect(optimizer.states).toEqual(options.momentum === 0 ? [] : ['momentum_buffer']);
    expect(optimizer.scalars).toEqual(['learning_rate']);
    await compare(start, settings, sgdLoop(start, settings, rates(settings.lr)), 5e-6);
  });
});

describe('AdamW against float64 loops, 10 steps', () => {
  it.each([
    { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 },
    { lr: 0.05, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
    { lr: 0.05, betas: [0.5, 0.7], eps: 1e-2, weightDecay: 0.5 },
  ] as const)('lr $lr, betas $betas, eps $eps, weight decay $weightDecay', async (options) => {
    const settings: AdamWSettings = { name: 'adamw', ...options };
    const start = randomStart(JSON.stringify(options), 13, STEPS);
    const expected = adamwLoop(start, settings, rates(settings.lr));
    await compare(start, settings, expected, 2e-6);
    const other: AdamWSettings = { ...settings, variant: 'huggingface' };
    await compare(start, other, huggingFaceAdamwLoop(start, other, rates(other.lr)), 2e-6);
  });

  it('keeps its digits in the first steps, where 1 - b2^t is small', async () => {
    // with eps out of the way the first step is lr * sign(g), whatever the size of g
    const settings: AdamWSettings = { name: 'adamw', lr: 0.01, betas: [0.9, 0.9999], eps: 1e-12, weightDecay: 0 };
    const optimizer = createOptimizer(settings);
    const start: Start = { parameter: [0, 0, 0, 0], gradients: [[1e-4, -1e-2, 1, -50]] };
    const [first] = await replay(optimizer, start, (step) => optimizer.scalarsAt(settings.lr, step));
    const expected = [-0.01, 0.01, -0.01, 0.01];
    expect(largestDifference(first?.parameter as number[], expected)).toBeLessThan(1e-8);
  });
});
