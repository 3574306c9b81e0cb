import { describe, expect, it } from 'vitest';
import { tensor } from '../../src/onnx/tensor.js';
import { probabilitiesOf, rowOf } from '../../src/train/logit-rows.js';

describe('rows of logits', () => {
  it('probabilities are the softmax of a row, without overflow', () => {
    const logits = tensor('float32', [2, 3], [1, 2, 3, 1000, 999, -1000]);
    const sum = Math.exp(1) + Math.exp(2) + Math.exp(3);
    [1, 2, 3].forEach((z, i) => {
      expect(probabilitiesOf(logits, 0)[i]).toBeCloseTo(Math.exp(z) / sum, 12);
    });
    expect([...probabilitiesOf(logits, 1)].map((p) => Number(p.toFixed(6)))).toEqual([0.731059, 0.268941, 0]);
  });

  it('are parts of a batch', () => {
    expect([...rowOf(tensor('float32', [2, 3], [1, 2, 3, 4, 5, 6]), 1)]).toEqual([4, 5, 6]);
  });
});
