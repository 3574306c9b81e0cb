import { describe, expect, it } from 'vitest';
import type { Split } from '../../../src/data/dataset/dataset.js';
import { createBuiltin } from '../../../src/data/formats/builtin.js';

const bytes = ({ source }: Split) => (source.kind === 'packed' ? source.data : new Uint8Array());

describe('the built-in data set', () => {
  it('is the same for the same seed, and its first images do not depend on the counts', () => {
    const few = createBuiltin({ train: 20, test: 10, seed: 5 });
    const more = createBuiltin({ train: 30, test: 0, seed: 5 });
    expect(bytes(more.train).subarray(0, 20 * 3072)).toEqual(bytes(few.train));
    expect(more.test).toBeUndefined();
    expect(bytes(createBuiltin({ train: 20, test: 10, seed: 6 }).train)).not.toEqual(bytes(few.train));
    expect(bytes(few.test as Split)).not.toEqual(bytes(few.train).subarray(0, 10 * 3072));
  });

  it('has ten classes of the same size', () => {
    const { classes, train } = createBuiltin({ train: 40, test: 10 });
    expect(classes).toHaveLength(10);
    for (let c = 0; c < 10; c++) expect(train.labels.filter((label) => label === c)).toHaveLength(4);
  });

  it('refuses fewer images than classes', () => {
    expect(() => createBuiltin({ train: 9 })).toThrow(/training images: expected 10 or more, got 9/);
  });

  it('is hard for a linear classifier, yet not beyond it', () => {
    const { train, test } = createBuiltin({ train: 2000, test: 1000 });
    const accuracy = softmaxRegressionAccuracy(train, test as Split);
    expect(accuracy).toBeGreaterThan(0.115);
    expect(accuracy).toBeLessThan(0.45);
  });
});

const CLASSES = 10;

/** Trains one linear layer by stochastic gradient descent with weight decay; the share of test images it gets right. */
function softmaxRegressionAccuracy(train: Split, test: Split): number {
  const weights = Array.from({ length: CLASSES }, () => new Float32Array(INPUTS + 1));
  const images = Array.from(train.labels, (_, i) => halved(train, i));
  for (let epoch = 0; epoch < 10; epoch++) {
    for (const [i, x] of images.entries()) {
      const scores = weights.map((w) => Math.exp(dot(w, x)));
      const total = scores.reduce((a, b) => a + b, 0);
      for (const [c, w] of weights.entries()) {
        const error = (scores[c] as number) / total - (train.labels[i] === c ? 1 : 0);
        for (let j = 0; j <= INPUTS; j++) w[j] = (w[j] as number) * 0.9999 - 0.004 * error * (x[j] as number);
      }
    }
  }
  const right = test.labels.filter((label, i) => {
    const scores = weights.map((w) => dot(w, halved(test, i)));
    return scores.indexOf(Math.max(...scores)) === label;
  });
  return right.length / test.length;
}

const INPUTS = 16 * 16 * 3;

/** Image i at half size (means of 2 x 2 pixels), in [-1, 1], and a 1 for the bias. */
function halved(split: Split, i: number): Float32Array {
  const data = bytes(split).subarray(i * 3072, (i + 1) * 3072);
  const x = new Float32Array(INPUTS + 1).fill(-1);
  for (let at = 0; at < 3072; at++) {
    const [row, column] = [Math.floor(at / 96) >> 1, (Math.floor(at / 3) % 32) >> 1];
    const to = (row * 16 + column) * 3 + (at % 3);
    x[to] = (x[to] as number) + (data[at] as number) / 510;
  }
  x[INPUTS] = 1;
  return x;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] as number) * (b[j] as number);
  return sum;
}
