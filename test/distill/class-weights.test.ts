import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/onnx/tensor.js';
import { toNumbers } from '../../src/onnx/tensor.js';
import { klLoop, logSoftmaxRow, type Matrix, rowsOf } from '../losses/loops.js';
import { metrics, mobileNet, openStep, resNet, withoutUpdates } from './steps.js';

const WEIGHTS = [4, 0.25, 1, 2, 0.5];

/** PyTorch's weighted mean of the batch, without smoothing. */
function weightedLoop(logits: Matrix, labels: readonly number[]): number {
  let [loss, total] = [0, 0];
  logits.forEach((row, n) => {
    const weight = WEIGHTS[labels[n] as number] as number;
    loss -= weight * (logSoftmaxRow(row)[labels[n] as number] as number);
    total += weight;
  });
  return loss / total;
}

describe('class weights in a step', () => {
  it('weigh the cross-entropy, by which networks are ranked, and nothing else', async () => {
    const settings = { rule: 'argmin' as const, alpha: 0.5, temperature: 1 };
    const options = { classWeights: WEIGHTS, exposeLogits: true };
    const networks = [resNet(), mobileNet(0), resNet([6, 4])];
    const { batch, run, close } = await openStep(networks, { settings, options, prepare: withoutUpdates });
    const results = await run();
    await close();
    const labels = toNumbers(batch.labels as Tensor);
    const logits = networks.map((_, i) => rowsOf(results[`net${i}.logits`] as Tensor));
    const expected = logits.map((rows) => weightedLoop(rows, labels));
    const got = metrics(results);
    const best = expected.indexOf(Math.min(...expected));
    for (const [i, ce] of expected.entries()) {
      expect(Math.abs((got.ce[i] as number) - ce)).toBeLessThan(3e-6 * ce);
      const kl = i === best ? 0 : klLoop(logits[i] as Matrix, logits[best] as Matrix);
      expect(Math.abs((got.total[i] as number) - ce - 0.5 * kl)).toBeLessThan(1e-5);
    }
  });
});
