import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import type { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { bernoulliKl } from '../../src/losses/bernoulli-kl.js';
import { binaryCrossEntropy } from '../../src/losses/binary-cross-entropy.js';
import { binaryTargets } from '../../src/losses/binary-targets.js';
import { subsetAccuracy } from '../../src/losses/subset-accuracy.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import type { Feeds } from '../support/run.js';
import { bceLoop, bernoulliKlLoop, matrix, subsetAccuracyLoop } from './loops.js';
import { evaluate, randomRows, seeded } from './losses.js';

interface Case {
  readonly student: number[][];
  readonly teacher: number[][];
  readonly targets: number[][];
  readonly smoothing: number;
  readonly temperature: number;
  readonly bce: number;
  readonly bceGradient: number[][];
  readonly kl: number;
  readonly klGradient: number[][];
}

const CASES = JSON.parse(readFileSync('test/fixtures/multi-label/losses.json', 'utf8')) as Case[];

/** A scalar and its gradients by some inputs; null for one that no gradient flows to. */
async function run(
  feeds: Feeds,
  by: readonly string[],
  build: (g: Graph, of: Readonly<Record<string, Value>>) => Value,
) {
  const none: string[] = [];
  const results = await evaluate(feeds, (g, inputs) => {
    const loss = build(g, inputs);
    expect(loss).toMatchObject({ dtype: 'float32', shape: [] });
    g.output('loss', loss);
    const slopes = gradients(
      g,
      loss,
      by.map((name) => inputs[name] as Value),
    );
    slopes.forEach((slope, i) => {
      if (slope) g.output(`${by[i]}.grad`, slope);
      else none.push(by[i] as string);
    });
  });
  const [loss = Number.NaN] = toNumbers(results.loss as Tensor);
  return { loss, none, gradientOf: (name: string) => toNumbers(results[`${name}.grad`] as Tensor) };
}

function expectClose(got: readonly number[], expected: readonly number[]): void {
  expect(got.length).toBe(expected.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number)), `entry ${i}`).toBeLessThan(2e-7 + 2e-6 * Math.abs(value));
  });
}

const targetsOf = (rows: readonly (readonly number[])[]) => matrix(rows).tensor;

describe('the losses of images with any number of classes, against PyTorch', () => {
  it.each(CASES)('$smoothing, T = $temperature: binary cross-entropy $bce and its gradient', async (given) => {
    const feeds = { student: matrix(given.student).tensor, targets: targetsOf(given.targets) };
    const { loss, gradientOf } = await run(feeds, ['student'], (g, { student, targets }) =>
      binaryCrossEntropy(g, student as Value, binaryTargets(g, targets as Value, given.smoothing)),
    );
    expect(Math.abs(loss - given.bce)).toBeLessThan(2e-6 * given.bce);
    expectClose(gradientOf('student'), given.bceGradient.flat());
  });

  it.each(CASES)(
    'T = $temperature: the divergence $kl of sigmoids and its gradient, none to the teacher',
    async (given) => {
      const feeds = { student: matrix(given.student).tensor, teacher: matrix(given.teacher).tensor };
      const { loss, gradientOf, none } = await run(feeds, ['student', 'teacher'], (g, { student, teacher }) =>
        bernoulliKl(g, student as Value, teacher as Value, given.temperature),
      );
      expect(Math.abs(loss - given.kl)).toBeLessThan(3e-6 * given.kl + 1e-7);
      expectClose(gradientOf('student'), given.klGradient.flat());
      expect(none).toEqual(['teacher']);
    },
  );
});

describe('against plain loops', () => {
  it('logits beyond exp: finite, with the slope of the sigmoid', async () => {
    const rows = [[-1000, 1000, 90, -90, 0]];
    const targets = [[1, 0, 1, 0, 1]];
    const feeds = { student: matrix(rows).tensor, targets: targetsOf(targets) };
    const { loss, gradientOf } = await run(feeds, ['student'], (g, { student, targets: t }) =>
      binaryCrossEntropy(g, student as Value, t as Value),
    );
    expect(loss).toBeCloseTo(bceLoop(rows, targets), 3);
    expectClose(gradientOf('student'), [-0.2, 0.2, 0, 0, -0.1]);
  });

  it('random rows, smoothed', async () => {
    const random = seeded('bce');
    const { tensor: student, rows } = matrix(randomRows(random, 6, 9));
    const labels = rows.map((row) => row.map(() => (random.uniform() < 0.3 ? 1 : 0)));
    const { loss } = await run({ student, targets: targetsOf(labels) }, [], (g, inputs) =>
      binaryCrossEntropy(g, inputs.student as Value, binaryTargets(g, inputs.targets as Value, 0.2)),
    );
    expect(loss).toBeCloseTo(bceLoop(rows, labels, 0.2), 5);
    const kl = await run({ student, teacher: matrix(rows.toReversed()).tensor }, [], (g, inputs) =>
      bernoulliKl(g, inputs.student as Value, inputs.teacher as Value, 3),
    );
    expect(kl.loss).toBeCloseTo(bernoulliKlLoop(rows, rows.toReversed(), 3), 6);
  });

  it('an image is right where all its classes are', async () => {
    const logits = [
      [1, -1, 2],
      [1, -1, 2],
      [-0.1, -3, -2],
      [0, 0.1, -1],
    ];
    const labels = [
      [1, 0, 1],
      [1, 0, 0],
      [0, 0, 0],
      [0, 1, 0],
    ];
    const feeds = { logits: matrix(logits).tensor, labels: targetsOf(labels) };
    const results = await evaluate(feeds, (g, inputs) => {
      g.output('accuracy', subsetAccuracy(g, inputs.logits as Value, inputs.labels as Value));
    });
    expect(toNumbers(results.accuracy as Tensor)).toEqual([0.75]);
    expect(subsetAccuracyLoop(logits, labels)).toBe(0.75);
  });

  it('of labels with smoothing 0 the targets are the labels themselves', async () => {
    const results = await evaluate({ labels: tensor('float32', [1, 2], [1, 0]) }, (g, { labels }) => {
      expect(binaryTargets(g, labels as Value)).toBe(labels);
      g.output('smooth', binaryTargets(g, labels as Value, 0.5));
    });
    expect(toNumbers(results.smooth as Tensor)).toEqual([0.75, 0.25]);
  });
});
