import { expect, it } from 'vitest';
import type { Value } from '../../src/graph/node/node.js';
import { targetDistributions } from '../../src/losses/targets.js';
import type { Tensor } from '../../src/onnx/tensor.js';
import { rowsOf } from './loops.js';
import { evaluate, int64 } from './losses.js';

async function targets(labels: readonly number[], classes: number, smoothing?: number): Promise<number[][]> {
  const results = await evaluate({ labels: int64(labels) }, (g, inputs) => {
    const made = targetDistributions(g, inputs.labels as Value, classes, smoothing);
    expect(made).toMatchObject({ dtype: 'float32', shape: [labels.length, classes] });
    g.output('targets', made);
  });
  return rowsOf(results.targets as Tensor);
}

it('are one-hot without smoothing', async () => {
  const expected = [
    [0, 0, 1],
    [1, 0, 0],
    [0, 1, 0],
    [0, 1, 0],
  ];
  expect(await targets([2, 0, 1, 1], 3)).toEqual(expected);
  expect(await targets([2, 0, 1, 1], 3, 0)).toEqual(expected);
});

it('spread the smoothed share evenly over all classes, the label among them (PyTorch)', async () => {
  const rows = await targets([3, 0], 4, 0.2);
  const expected = [
    [0.05, 0.05, 0.05, 0.85],
    [0.85, 0.05, 0.05, 0.05],
  ];
  rows.forEach((row, n) => {
    row.forEach((value, c) => {
      expect(value).toBeCloseTo(expected[n]?.[c] as number, 6);
    });
    expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
  });
});

it('are zeros for a label out of range', async () => {
  expect(await targets([3, 1], 3)).toEqual([
    [0, 0, 0],
    [0, 1, 0],
  ]);
});
