import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import type { Value } from '../../src/graph/node/node.js';
import { crossEntropy } from '../../src/losses/cross-entropy.js';
import { targetDistributions } from '../../src/losses/targets.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { crossEntropyLoop, type Matrix, matrix, rowsOf, softmaxRow } from './loops.js';
import { evaluate, int64, randomLabels, randomRows, seeded } from './losses.js';

/** The loss and its gradient by the logits, as the graph computes them. */
async function run(logits: Tensor, labels: readonly number[], smoothing: number) {
  const classes = logits.dims[1] as number;
  const results = await evaluate({ logits, labels: int64(labels) }, (g, inputs) => {
    const z = inputs.logits as Value;
    const loss = crossEntropy(g, z, targetDistributions(g, inputs.labels as Value, classes, smoothing));
    expect(loss).toMatchObject({ dtype: 'float32', shape: [] });
    g.output('loss', loss);
    g.output('gradient', gradients(g, loss, [z])[0] as Value);
  });
  return { loss: toNumbers(results.loss as Tensor)[0] as number, gradient: rowsOf(results.gradient as Tensor) };
}

/** (softmax(z) - target) / N, the target smoothed. */
function expectedGradient(logits: Matrix, labels: readonly number[], smoothing: number): number[][] {
  return logits.map((row, n) =>
    softmaxRow(row).map((p, c) => {
      const target = smoothing / row.length + (c === labels[n] ? 1 - smoothing : 0);
      return (p - target) / logits.length;
    }),
  );
}

function expectClose(got: Matrix, expected: Matrix, tolerance: number) {
  expect(got.length).toBe(expected.length);
  got.forEach((row, n) => {
    expect(row.length).toBe(expected[n]?.length);
    row.forEach((value, c) => {
      expect(Math.abs(value - (expected[n]?.[c] as number)), `entry ${n}, ${c}`).toBeLessThan(tolerance);
    });
  });
}

describe('crossEntropy against plain loops', () => {
  it.each([
    { images: 1, classes: 2, smoothing: 0 },
    { images: 1, classes: 10, smoothing: 0.1 },
    { images: 7, classes: 10, smoothing: 0 },
    { images: 7, classes: 5, smoothing: 0.1 },
    { images: 33, classes: 100, smoothing: 0.3 },
    { images: 4, classes: 3, smoothing: 1 },
  ])('$images images, $classes classes, smoothing $smoothing', async ({ images, classes, smoothing }) => {
    const random = seeded('ce', images, classes, smoothing);
    const { tensor, rows } = matrix(randomRows(random, images, classes));
    const labels = randomLabels(random, images, classes);
    const { loss, gradient } = await run(tensor, labels, smoothing);
    const expected = crossEntropyLoop(rows, labels, smoothing);
    expect(expected).toBeGreaterThan(0.1);
    expect(Math.abs(loss - expected)).toBeLessThan(2e-6 * expected);
    expectClose(gradient, expectedGradient(rows, labels, smoothing), 2e-7);
  });

  it.each([0, 0.1])('logits of ±80, smoothing %f', async (smoothing) => {
    // right and wrong by 160, and shifted far: exp of the raw numbers overflows or vanishes in float32
    const { tensor, rows } = matrix([
      [80, -80, 0],
      [80, -80, 0],
      [-80, -80, -80],
      [80, 79, 80],
    ]);
    const labels = [0, 1, 2, 1];
    const { loss, gradient } = await run(tensor, labels, smoothing);
    const expected = crossEntropyLoop(rows, labels, smoothing);
    expect(expected).toBeGreaterThan(40);
    expect(Math.abs(loss - expected)).toBeLessThan(1e-6 * expected);
    expectClose(gradient, expectedGradient(rows, labels, smoothing), 1e-7);
  });

  it('of equal logits is log(classes)', async () => {
    const { loss } = await run(matrix([[3, 3, 3, 3]]).tensor, [2], 0);
    expect(loss).toBeCloseTo(Math.log(4), 6);
  });
});
