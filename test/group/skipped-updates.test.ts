import { expect, it } from 'vitest';
import { skippedUpdates, withoutSkips } from '../../src/group/skipped-updates.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import type { OptimizerSettings } from '../../src/optim/optimizer.js';

const ADAMW: OptimizerSettings = { name: 'adamw', lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 };
const SGD: OptimizerSettings = { name: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 0, nesterov: true };

const vector = (...values: number[]) => tensor('float32', [values.length], values);
const scalar = (value: number) => tensor('float32', [], [value]);

it('moments of a network that skipped updates become those of the whole count, with the same means', () => {
  // Of 10 updates network 1 skipped 4
  const state = new Map<string, Tensor>([
    ['net0.w', vector(1, 2)],
    ['net0.w.exp_avg', vector(3, 4)],
    ['net0.skipped_beta1', scalar(0)],
    ['net0.skipped_beta2', scalar(0)],
    ['net1.w', vector(1, 2)],
    ['net1.w.exp_avg', vector(3, 4)],
    ['net1.w.exp_avg_sq', vector(5, 6)],
    ['net1.skipped_beta1', scalar(0.9 ** -4 - 1)],
    ['net1.skipped_beta2', scalar(0.999 ** -4 - 1)],
  ]);
  expect([0, 1].map((i) => skippedUpdates(state, i, ADAMW))).toEqual([0, 4]);
  const whole = withoutSkips(state, 2, ADAMW, 10);
  const numbers = (name: string) => toNumbers(whole.get(name) ?? vector());
  for (const name of ['net0.w', 'net0.w.exp_avg', 'net1.w']) expect(whole.get(name)).toBe(state.get(name));
  const [m, v] = [(1 - 0.9 ** 10) / (1 - 0.9 ** 6), (1 - 0.999 ** 10) / (1 - 0.999 ** 6)];
  expect(numbers('net1.w.exp_avg')[0]).toBeCloseTo(3 * m, 5);
  expect(numbers('net1.w.exp_avg')[1]).toBeCloseTo(4 * m, 5);
  expect(numbers('net1.w.exp_avg_sq')[0]).toBeCloseTo(5 * v, 4);
  expect(numbers('net1.w.exp_avg_sq')[1]).toBeCloseTo(6 * v, 4);
  // SGD counts nothing
  expect(withoutSkips(state, 2, SGD, 10)).toEqual(state);
});
