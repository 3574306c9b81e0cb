import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/graph/graph.js';
import type { Value } from '../../../src/graph/node/node.js';
import { accuracy } from '../../../src/losses/accuracy.js';
import { targetDistributions } from '../../../src/losses/targets.js';
import { gpu } from '../../../src/lower/gpu/gpu.js';
import { portable } from '../../../src/lower/portable/portable.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { stream } from '../../../src/util/random.js';
import { runGraph } from '../../support/run.js';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

describe('gradients of ReLU and ReLU6 choose', () => {
  /** What a ReLU puts out: at its kinks, next to them, the smallest normal number, and none. */
  const below6 = 6 - 2 ** -21;
  const Y = [0, -0, 2 ** -126, 1e-30, 1e-7, 1, below6, 6, 1e30, infinity, nan];
  const dY = [1, -2, 3e38, -infinity, 0, -0, nan, 5, 1, 1, 1];

  it.each<[string, (y: number) => boolean]>([
    ['ReluGrad', (y) => y > 0],
    ['ClipGrad', (y) => y > 0 && y < 6],
  ])('%s: dY where the slope is 1, else 0, whatever dY is', async (op, passes) => {
    for (const shift of dY.keys()) {
      const incoming = Y.map((_, i) => dY[(i + shift) % dY.length] as number);
      const attributes = op === 'ClipGrad' ? { min: { float: 0 }, max: { float: 6 } } : {};
      const g = new Graph(op);
      const inputs = ['dY', 'y'].map((name) => g.input(name, 'float32', [Y.length]));
      g.output('dX', g.agon(op, inputs, attributes)[0] as Value);
      const feeds = { dY: tensor('float32', [Y.length], incoming), y: tensor('float32', [Y.length], Y) };
      const { dX } = await runGraph(g, feeds, gpu);
      const expected = Y.map((y, i) => (passes(y) ? Math.fround(incoming[i] as number) : 0));
      expect(toNumbers(dX as Tensor).map((x) => x + 0)).toEqual(expected.map((x) => x + 0));
    }
  });

  it('one-sided bounds too', async () => {
    const g = new Graph('one_sided');
    const [dY, y] = ['dY', 'y'].map((name) => g.input(name, 'float32', [3])) as [Value, Value];
    g.output('above', g.agon('ClipGrad', [dY, y], { min: { float: -2 } })[0] as Value);
    g.output('below', g.agon('ClipGrad', [dY, y], { max: { float: -2 } })[0] as Value);
    const feeds = {
      dY: tensor('float32', [3], [1, 2, 3]),
      y: tensor('float32', [3], [-2 - 2 ** -22, -2, -2 + 2 ** -23]),
    };
    const { above, below } = await runGraph(g, feeds, gpu);
    expect([above, below].map((value) => toNumbers(value as Tensor))).toEqual([
      [0, 0, 3],
      [1, 0, 0],
    ]);
  });
});

/** Rows of four logits and a label, with ties, numbers that are none, and labels out of range. */
const ROWS: readonly (readonly [logits: number[], label: number])[] = [
  [[1, 3, 2, 0], 1],
  [[1, 3, 2, 0], 2],
  [[5, 5, 5, 5], 0],
  [[5, 5, 5, 5], 1],
  [[1, 7, 7, 2], 1],
  [[1, 7, 7, 2], 2],
  [[-0, 0, -1, -2], 0],
  [[-0, 0, -1, -2], 1],
  [[-infinity, -infinity, -1e38, -infinity], 2],
  [[infinity, 1, infinity, 1], 0],
  [[0, 1, 2, 3], 4],
];

describe('labels are int32', () => {
  const labels = ROWS.map(([, label]) => label);
  const build = () => {
    const g = new Graph('labels');
    const [images, classes] = [ROWS.length, 4];
    const logits = g.input('logits', 'float32', [images, classes]);
    const given = g.input('labels', 'int64', [images]);
    g.output('accuracy', accuracy(g, logits, given));
    g.output('targets', targetDistributions(g, given, classes));
    g.output('smoothed', targetDistributions(g, given, classes, 0.2));
    return g;
  };
  const feeds = {
    logits: tensor(
      'float32',
      [ROWS.length, 4],
      ROWS.flatMap(([logits]) => logits),
    ),
    labels: tensor('int32', [ROWS.length], labels),
  };

  it('and images count as right whose first largest logit is the label', async () => {
    const right = ROWS.filter(([logits, label]) => logits.indexOf(Math.max(...logits)) === label);
    const { accuracy: share } = await runGraph(build(), feeds, gpu);
    expect(toNumbers(share as Tensor)[0]).toBeCloseTo(right.length / ROWS.length, 6);
  });

  it('and targets have a 1 at the label, none where it is no class', async () => {
    const { targets, smoothed } = await runGraph(build(), feeds, gpu);
    const hot = labels.flatMap((label) => [0, 1, 2, 3].map((c) => (c === label ? 1 : 0)));
    expect(toNumbers(targets as Tensor)).toEqual(hot);
    toNumbers(smoothed as Tensor).forEach((value, i) => {
      expect(value).toBeCloseTo((hot[i] as number) * 0.8 + 0.05, 6);
    });
  });

  it('and logits that are no numbers are never right', async () => {
    const known = tensor(
      'int32',
      [ROWS.length],
      labels.map((label) => label % 4),
    );
    const none = { labels: known, logits: tensor('float32', [ROWS.length, 4], new Array(4 * ROWS.length).fill(nan)) };
    const { accuracy: share } = await runGraph(build(), none, gpu);
    expect(toNumbers(share as Tensor)).toEqual([0]);
  });

  it('unless something else reads them', async () => {
    const g = build();
    g.output('doubled', g.op('Mul', [g.inputs[1] as Value, g.scalarInteger(2)]));
    const wide = { ...feeds, labels: tensor('int64', [ROWS.length], labels) };
    const { doubled } = await runGraph(g, wide, gpu);
    expect(toNumbers(doubled as Tensor)).toEqual(labels.map((label) => 2 * label));
  });
});

describe('logarithms keep to float64 where numbers are large', () => {
  const X = [0, 1e-8, -1e-8, 0.5, -3, 20, -20, 88, -88, 1000, -1000, 3e38, -3e38];

  it('LogSoftmax', async () => {
    const g = new Graph('log_softmax');
    g.output('y', g.op('LogSoftmax', [g.input('x', 'float32', [X.length, 3])], { axis: -1 }));
    const rows = X.map((x) => [x, 0, -x].map(Math.fround));
    const { y } = await runGraph(g, { x: tensor('float32', [X.length, 3], rows.flat()) }, gpu);
    const expected = rows.flatMap((row) => {
      const largest = Math.max(...row);
      const sum = row.reduce((total, x) => total + Math.exp(x - largest), 0);
      return row.map((x) => Math.fround(x - largest - Math.log(sum)));
    });
    toNumbers(y as Tensor).forEach((value, i) => {
      const exact = expected[i] as number;
      if (Number.isFinite(exact))
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(3e-7 * Math.max(1, Math.abs(exact)));
      else expect(value).toBe(exact);
    });
  });

  it('Softplus', async () => {
    const g = new Graph('softplus');
    g.output('y', g.op('Softplus', [g.input('x', 'float32', [X.length])]));
    const { y } = await runGraph(g, { x: tensor('float32', [X.length], X) }, gpu);
    toNumbers(y as Tensor).forEach((value, i) => {
      const x = Math.fround(X[i] as number);
      const exact = Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(2e-7 * Math.max(1, exact));
    });
  });
});

describe('BatchNormTraining and its gradient are those of the portable form', () => {
  it.each<[string, readonly (number | string)[], readonly number[]]>([
    ['without positions', [6, 4], [6, 4]],
    ['with one position', [6, 4, 1, 1], [6, 4, 1, 1]],
    ['along a line', [5, 3, 7], [5, 3, 7]],
    ['in space', [3, 4, 2, 3, 2], [3, 4, 2, 3, 2]],
    ['with a batch of open size', ['N', 4, 3, 5], [6, 4, 3, 5]],
    ['with positions of open number', ['N', 4, 'H', 'W'], [6, 4, 3, 5]],
  ])('%s', async (_, shape, dims) => {
    const build = () => {
      const g = new Graph('normalisation');
      const [x, dY] = ['x', 'dY'].map((name) => g.input(name, 'float32', shape)) as [Value, Value];
      const [scale, shift] = ['scale', 'shift'].map((name) => g.input(name, 'float32', [Number(dims[1])])) as [
        Value,
        Value,
      ];
      const [y, mean, variance, inverse] = g.agon('BatchNormTraining', [x, scale, shift], { epsilon: 1e-3 });
      const [dX, dScale, dShift] = g.agon('BatchNormTrainingGrad', [dY, x, scale, mean, inverse]);
      for (const [name, value] of Object.entries({ y, mean, variance, inverse, dX, dScale, dShift }))
        g.output(name, value);
      return g;
    };
    const random = stream(5, 'normalisation');
    const normal = (sizes: readonly number[]) =>
      tensor(
        'float32',
        sizes,
        Float32Array.from({ length: elementCount(sizes) }, () => 1 + random.normal()),
      );
    const channels = [Number(dims[1])];
    const feeds = { x: normal(dims), dY: normal(dims), scale: normal(channels), shift: normal(channels) };
    const [got, expected] = [await runGraph(build(), feeds, gpu), await runGraph(build(), feeds, portable)];
    for (const [name, value] of Object.entries(expected)) {
      const other = toNumbers(got[name] as Tensor);
      toNumbers(value).forEach((number, i) => {
        expect(Math.abs((other[i] as number) - number), name).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(number)));
      });
    }
  });
});
