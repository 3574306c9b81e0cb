import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/graph/node/node.js';
import { accuracy } from '../../src/losses/accuracy.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { accuracyLoop, type Matrix, matrix } from './loops.js';
import { evaluate, int64, randomLabels, randomRows, seeded } from './losses.js';

async function measure(logits: Matrix, labels: readonly number[]): Promise<number> {
  const results = await evaluate({ logits: matrix(logits).tensor, labels: int64(labels) }, (g, inputs) => {
    const share = accuracy(g, inputs.logits as Value, inputs.labels as Value);
    expect(share).toMatchObject({ dtype: 'float32', shape: [] });
    g.output('accuracy', share);
  });
  return toNumbers(results.accuracy as Tensor)[0] as number;
}

describe('accuracy', () => {
  it.each([1, 8, 101])('of %i random images against a plain loop', async (images) => {
    const random = seeded('accuracy', images);
    const logits = randomRows(random, images, 3);
    const labels = randomLabels(random, images, 3);
    const expected = accuracyLoop(logits, labels);
    if (images > 1) expect(expected).toSatisfy((share: number) => share > 0 && share < 1);
    expect(await measure(logits, labels)).toBeCloseTo(expected, 6);
  });

  it('goes by the first of tied logits', async () => {
    const tied = [1, 2, 2];
    expect(await measure([tied], [1])).toBe(1);
    expect(await measure([tied], [2])).toBe(0);
    expect(await measure([tied, [0, 0, 0], [0, 0, 0], [-1, -1, -2]], [1, 0, 2, 0])).toBe(0.75);
  });
});
