import { describe, expect, it } from 'vitest';
import { evaluate } from '../../scripts/verify/float64/interpreter.js';
import { gradients } from '../../src/autodiff/gradients.js';
import { mul } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { stream } from '../../src/util/random.js';
import { runGraph } from '../support/run.js';
import { FOREIGN_CASES } from './foreign-cases.js';
import { type Edge, FOREIGN_EDGES, FOREIGN_LINEAR, floats } from './foreign-edges.js';

function graphOf({ op, x, rest, attributes, dY }: Edge): Graph {
  const g = new Graph('edge');
  const input = g.input('x', 'float32', x.dims);
  const y = g.op(op, [input, ...(rest?.(g) ?? [])], attributes);
  const loss = dY ? mul(g, y, g.constant(dY)) : y;
  g.output('dX', gradients(g, loss, [input])[0] as Value);
  return g;
}

describe('gradients at kinks, at the ends of the domain and far out are PyTorch’s', () => {
  it('of every operator that isn’t linear', () => {
    const covered = [...FOREIGN_EDGES.map(({ op }) => op), ...FOREIGN_LINEAR];
    expect(new Set(covered)).toEqual(new Set(FOREIGN_CASES.map(({ op }) => op)));
  });

  it.each(FOREIGN_EDGES.map((edge) => [`${edge.op} ${edge.what}`, edge] as const))('%s', async (_, edge) => {
    const { dX } = await runGraph(graphOf(edge), { x: edge.x });
    const got = toNumbers(dX as Tensor);
    expect(got.length).toBe(edge.dX.length);
    for (const [i, expected] of edge.dX.entries())
      expect(Math.abs((got[i] as number) - expected), `${i}: ${got[i]}`).toBeLessThanOrEqual(
        1e-5 * Math.abs(expected) + (expected === 0 ? 3e-7 : 0),
      );
  });
});

describe('LayerNormalization', () => {
  it.each([0, 10, 1000])('keeps the digits of its gradient at a mean of %d deviations', async (mean) => {
    const random = stream(5, 'shifted', String(mean));
    const draw = (count: number, shift = 0) => Float32Array.from({ length: count }, () => random.normal() + shift);
    const g = new Graph('shifted');
    const [x, scale] = [g.input('x', 'float32', [4, 64]), g.input('scale', 'float32', [64])];
    const weighed = mul(g, g.op('LayerNormalization', [x, scale]), g.constant(floats([4, 64], [...draw(256)])));
    gradients(g, weighed, [x, scale]).forEach((gradient, i) => {
      g.output(`d${i}`, gradient as Value);
    });
    const feeds = { x: floats([4, 64], [...draw(256, mean)]), scale: floats([64], [...draw(64)]) };
    const [got, exact] = [await runGraph(g, feeds), evaluate(g, new Map(Object.entries(feeds)))];
    for (const name of ['d0', 'd1']) {
      const expected = toNumbers(exact.get(name) as Tensor);
      const size = Math.max(...expected.map(Math.abs));
      toNumbers(got[name] as Tensor).forEach((value, i) => {
        expect(Math.abs(value - (expected[i] as number)) / size).toBeLessThan(2e-4);
      });
    }
  });

  it('asked for the gradient of its mean too is an error that names the node', () => {
    const g = new Graph('statistics');
    const [x, scale] = [g.input('x', 'float32', [4, 8]), g.input('scale', 'float32', [8])];
    const [y, mean] = g.ops('LayerNormalization', [x, scale], {}, { outputs: 3, name: 'norm' });
    expect(() => gradients(g, mul(g, y as Value, mean as Value), [x])).toThrow(
      'LayerNormalization "norm": gradient: expected one of the first output only, got one of another output too',
    );
  });
});

describe('a symbolic batch', () => {
  const random = stream(6, 'batches');
  const draw = (...dims: number[]) =>
    floats(
      dims,
      Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal()),
    );
  const parameters = { scale: draw(6), slope: draw(6, 1, 1), kernel: draw(6, 2, 2, 2), shift: draw(6) };

  /** Of each operator one, on images [batch, 6, 4, 4], with all gradients. */
  function build(batch: number | string): Graph {
    const g = new Graph('symbolic');
    const x = g.input('x', 'float32', [batch, 6, 4, 4]);
    const p = Object.fromEntries(
      Object.entries(parameters).map(([name, { dims }]) => [name, g.input(name, 'float32', dims)]),
    );
    const normal = g.op('InstanceNormalization', [x, p.scale as Value, p.shift as Value]);
    const last = g.op('Transpose', [g.op('PRelu', [normal, p.slope as Value])], { perm: [0, 2, 3, 1] });
    const layered = g.op('LayerNormalization', [last, p.scale as Value, p.shift as Value]);
    const images = g.op('Transpose', [layered], { perm: [0, 3, 1, 2] });
    const local = g.op('LRN', [g.op('Mish', [images])], { size: 3, alpha: 0.5 });
    const larger = g.op('ConvTranspose', [local, p.kernel as Value], { strides: [2, 2] });
    const deep = g.op('DepthToSpace', [g.op('SpaceToDepth', [larger], { blocksize: 4 })], {
      blocksize: 2,
      mode: 'CRD',
    });
    const twice = g.op('Gather', [deep, g.integers([1, 0, 1, -1])], { axis: 1 });
    const pairs = g.op('Gather', [twice, g.constant(tensor('int64', [2, 2], [0, 3, 3, -3]))], { axis: 1 });
    const token = g.op('Gather', [pairs, g.scalarInteger(-1)], { axis: 3 });
    const rows = g.op('Gather', [token, g.integers([0, 0, -1])]);
    const total = g.op('ReduceLogSumExp', [rows, g.integers([1, 2, 3])], { keepdims: 0 });
    g.output('loss', total);
    const wrt = [x, ...Object.values(p)];
    gradients(g, total, wrt).forEach((gradient, i) => {
      expect(gradient?.shape).toEqual(wrt[i]?.shape);
      g.output(`${wrt[i]?.name}.grad`, gradient as Value);
    });
    return g;
  }

  it.each([1, 3])('gives the gradients of a settled one of %i, which are those of float64', async (batch) => {
    const feeds = { x: draw(batch, 6, 4, 4), ...parameters };
    const exact = evaluate(build(batch), new Map(Object.entries(feeds)));
    const [settled, symbolic] = [await runGraph(build(batch), feeds), await runGraph(build('N'), feeds)];
    expect(exact.size).toBe(6);
    for (const [name, value] of exact) {
      const expected = toNumbers(value);
      const size = Math.max(...expected.map(Math.abs));
      expect(size, name).toBeGreaterThan(1e-3);
      for (const results of [settled, symbolic]) {
        expect(results[name]?.dims, name).toEqual(value.dims);
        toNumbers(results[name] as Tensor).forEach((got, i) => {
          expect(Math.abs(got - (expected[i] as number)) / size, `${name} ${i}`).toBeLessThan(2e-5);
        });
      }
    }
  });
});
