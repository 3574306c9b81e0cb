import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/graph/graph.js';
import { emulatedHalf, inHalf } from '../../../src/lower/half/half.js';
import { inMixedPrecision } from '../../../src/lower/half/mixed.js';
import { lower } from '../../../src/lower/lower.js';
import { portable } from '../../../src/lower/portable/portable.js';
import { decodeHalf, encodeHalf } from '../../../src/onnx/half.js';
import { tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { stream } from '../../../src/util/random.js';
import { runGraph } from '../../support/run.js';

const half = (x: number) => decodeHalf(encodeHalf(x));

function random(count: number, purpose: string): number[] {
  const numbers = stream(5, purpose);
  return Array.from({ length: count }, () => numbers.normal());
}

describe('mixed precision', () => {
  it('rounds what is computed in float16 where it is stored, and nothing else', async () => {
    const g = new Graph('g');
    const [x, w] = [g.input('x', 'float32', [2, 3]), g.parameter('w', [4, 3], { kind: 'constant', value: 0 })];
    const y = g.op('Gemm', [x, w], { transB: 1 });
    const active = g.op('HardSwish', [g.op('Mul', [y, g.scalar(1.1)])]);
    g.output('y', active);
    g.output('p', g.op('Softmax', [g.op('Cast', [active], { to: 1 })], { axis: -1 }));
    g.output('next', g.op('Sub', [w, g.op('Mul', [w, g.scalar(0.1)])]));
    const [xs, ws] = [random(6, 'x'), random(12, 'w').map((v) => v * 3)];
    const feeds = { x: tensor('float32', [2, 3], xs), w: tensor('float32', [4, 3], ws) };
    const results = await runGraph(g, feeds, emulatedHalf);
    const numbers = (name: string) => toNumbers(results[name] ?? tensor('float32', [0], []));
    const expected = [0, 1].flatMap((i) =>
      [0, 1, 2, 3].map((j) => {
        const sum = [0, 1, 2].reduce(
          (s, k) => s + half(Math.fround(xs[i * 3 + k] as number)) * half(Math.fround(ws[j * 3 + k] as number)),
          0,
        );
        const scaled = half(half(sum) * half(1.1));
        return half(scaled * Math.min(1, Math.max(0, scaled / 6 + 0.5)));
      }),
    );
    expect(numbers('y')).toEqual(expected);
    // Softmax and the update in float32
    const rows = [expected.slice(0, 4), expected.slice(4)];
    const softmax = rows.flatMap((row) => {
      const sum = row.reduce((s, v) => s + Math.exp(v), 0);
      return row.map((v) => Math.exp(v) / sum);
    });
    numbers('p').forEach((p, i) => {
      expect(Math.abs(p - (softmax[i] as number))).toBeLessThan(1e-7);
    });
    expect(numbers('p').some((p) => half(p) !== p)).toBe(true);
    const updated = ws.map((v) => Math.fround(Math.fround(v) - Math.fround(Math.fround(v) * Math.fround(0.1))));
    expect(numbers('next')).toEqual(updated);
  });

  it('takes numbers beyond the range of float16 for infinite, but constants for its largest', async () => {
    const g = new Graph('g');
    const x = g.input('x', 'float32', [4]);
    const y = g.op('MatMul', [g.op('Reshape', [x, g.integers([4, 1])]), g.constant(tensor('float32', [1, 1], [2]))]);
    g.output('y', y);
    g.output('clipped', g.op('Clip', [y, g.scalar(-1e30), g.scalar(1e30)]));
    const feeds = { x: tensor('float32', [4], [40000, -40000, 1e-8, 1]) };
    const { y: doubled, clipped } = await runGraph(g, feeds, emulatedHalf);
    expect(toNumbers(doubled ?? feeds.x)).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 2]);
    expect(toNumbers(clipped ?? feeds.x)).toEqual([65504, -65504, 0, 2]);
  });

  it('computes a mask and its constants in the type of what they are for', () => {
    const g = new Graph('g');
    const x = g.input('x', 'float32', [2, 3]);
    const w = g.parameter('w', [3, 3], { kind: 'constant', value: 0 });
    const y = g.op('MatMul', [x, w]);
    const mask = g.op('Cast', [g.op('Greater', [y, g.scalar(0)])], { to: 1 });
    const kept = g.op('Sub', [g.scalar(1), mask]);
    g.output('half', g.op('Mul', [y, kept]));
    g.output('single', g.op('Mul', [x, kept]));
    const types = inMixedPrecision(g).nodes.map((node) => `${node.op} ${node.output().dtype}`);
    expect(types.filter((each) => !each.startsWith('Cast'))).toEqual([
      'MatMul float16',
      'Greater bool',
      'Sub float16',
      'Mul float16',
      'Sub float32',
      'Mul float32',
    ]);
  });

  it('casts a weight once, and a vector of weights before it is split', () => {
    const g = new Graph('g');
    const x = g.input('x', 'float32', [2, 3]);
    const flat = g.parameter('flat', [18], { kind: 'constant', value: 0 });
    const parts = g.ops('Split', [flat, g.integers([9, 9])], { axis: 0 }, { outputs: 2 });
    const weights = parts.map((part) => g.op('Reshape', [part, g.integers([3, 3])]));
    const y = weights.reduce((value, w) => g.op('MatMul', [g.op('MatMul', [value, w]), w]), x);
    g.output('y', y);
    const mixed = lower(g, inHalf(portable));
    const casts = mixed.nodes.filter(({ op }) => op === 'Cast').map((node) => node.input(0).name);
    expect(casts.filter((name) => name === 'flat')).toHaveLength(1);
    // The vector, the input, and the output
    expect(casts).toHaveLength(3);
  });

  it('keeps the numbers of a batch of which the mean is far off', async () => {
    const g = new Graph('g');
    const x = g.input('x', 'float32', [4, 1, 4, 4]);
    const k = g.parameter('k', [1, 1, 1, 1], { kind: 'constant', value: 0 });
    const [scale, bias] = [
      g.parameter('s', [1], { kind: 'constant', value: 0 }),
      g.parameter('b', [1], { kind: 'constant', value: 0 }),
    ];
    const conv = g.op('Conv', [x, k], { kernel_shape: [1, 1] });
    const [y, mean, variance] = g.agon('BatchNormTraining', [conv, scale, bias], { epsilon: 1e-5 });
    g.output('y', y);
    g.output('mean', mean);
    g.output('variance', variance);
    // Sums of these squares are far beyond float16, and differences far below its spacing at 3000 would be lost but for exact inputs
    const xs = random(64, 'far').map((v) => half(3000 + 40 * v));
    const one = tensor('float32', [1], [1]);
    const feeds = {
      x: tensor('float32', [4, 1, 4, 4], xs),
      k: tensor('float32', [1, 1, 1, 1], [1]),
      s: one,
      b: tensor('float32', [1], [0]),
    };
    const results = await runGraph(g, feeds, emulatedHalf);
    const m = xs.reduce((s, v) => s + v, 0) / 64;
    const variances = xs.reduce((s, v) => s + (v - m) ** 2, 0) / 64;
    expect(toNumbers(results.mean ?? one)[0]).toBeCloseTo(m, 2);
    expect((toNumbers(results.variance ?? one)[0] as number) / variances).toBeCloseTo(1, 5);
    toNumbers(results.y ?? one).forEach((v, i) => {
      const expected = ((xs[i] as number) - m) / Math.sqrt(variances + 1e-5);
      expect(Math.abs(v - expected)).toBeLessThan(2e-3 * Math.max(0.25, Math.abs(expected)));
      expect(half(v)).toBe(v);
    });
  });
});
