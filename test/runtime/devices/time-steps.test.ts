import { expect, it } from 'vitest';
import { CPU } from '../../../src/runtime/device.js';
import { timeStepsOn } from '../../../src/runtime/devices/time-steps.js';
import { smallStep } from '../small-step.js';

it('times the steps of a group in another process', async () => {
  const { source, state } = smallStep();
  const outcome = await timeStepsOn(CPU, { source, state, threads: 1, precision: 'float32', forms: {} });
  if ('error' in outcome) throw new Error(outcome.error);
  const { start, steps } = outcome.value;
  expect(start).toBeGreaterThan(0);
  expect(steps.length).toBeGreaterThan(0);
  expect(steps.every((milliseconds) => milliseconds > 0)).toBe(true);
});
