import { describe, expect, it } from 'vitest';
import { evaluate } from '../../scripts/verify/float64/interpreter.js';
import { gradients } from '../../src/autodiff/gradients.js';
import { mul } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Attributes, Value } from '../../src/graph/node.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { stream } from '../../src/util/random.js';
import { runGraph } from '../support/run.js';

const floats = (dims: readonly number[], data: readonly number[]) => tensor('float32', dims, data);

interface Edge {
  readonly op: string;
  readonly what: string;
  readonly x: Tensor;
  readonly rest?: (g: Graph) => Value[];
  readonly attributes?: Attributes;
  /** The gradient of the output; ones when left out. */
  readonly dY?: Tensor;
  /** What PyTorch 2 gives for x. */
  readonly dX: readonly number[];
}

const row = (...values: number[]) => floats([1, values.length], values);
const along = (g: Graph) => [g.integers([1])];
const [tiny, large] = [1e-30, 1e30];
const INFINITE = Number.POSITIVE_INFINITY;

const EDGES: readonly Edge[] = [
  {
    op: 'PRelu',
    what: 'at zero, and far out',
    x: row(0, 1, -2, large, -large),
    rest: (g) => [g.constant(floats([], [0.25]))],
    dX: [0.25, 1, 0.25, 1, 0.25],
  },
  { op: 'ThresholdedRelu', what: 'at its bound', x: row(1, 1.5, 0.5), dX: [0, 1, 0] },
  {
    op: 'Selu',
    what: 'at zero, and far out',
    x: row(0, tiny, -100, 100, large),
    dX: [1.7580993, 1.050701, 0, 1.050701, 1.050701],
  },
  {
    op: 'Celu',
    what: 'at zero, and far out',
    x: row(0, -100, 100, large),
    attributes: { alpha: 0.5 },
    dX: [1, 0, 1, 1],
  },
  { op: 'Mish', what: 'at zero, and far out', x: row(0, -100, 100, large, -large), dX: [0.6, 0, 1, 1, 0] },
  { op: 'Softsign', what: 'at zero, and far out', x: row(0, 1e4, -1e4, large), dX: [1, 9.998e-9, 9.998e-9, 0] },
  // e^(1000 - Y), of the rounded Y
  { op: 'ReduceLogSumExp', what: 'of large numbers', x: row(1000, 1000), rest: along, dX: [0.49998546, 0.49998546] },
  { op: 'ReduceLogSumExp', what: 'of zeros only', x: row(-INFINITE, -INFINITE), rest: along, dX: [0, 0] },
  { op: 'ReduceLogSumExp', what: 'with a zero', x: row(-INFINITE, 3), rest: along, dX: [0, 1] },
  { op: 'ReduceL1', what: 'of zeros', x: row(0, 0, -2), rest: along, dX: [0, 0, -1] },
  { op: 'ReduceLogSum', what: 'with a zero', x: row(0, 0.5), rest: along, dX: [2, 2] },
  {
    op: 'LayerNormalization',
    what: 'of equal numbers',
    x: row(3, 3, 3),
    rest: (g) => [g.constant(floats([3], [1, 1, 1]))],
    dY: row(1, 2, 3),
    dX: [-316.22775, 0, 316.22775],
  },
  {
    op: 'InstanceNormalization',
    what: 'of one position',
    x: floats([1, 2, 1], [5, -7]),
    rest: (g) => [2, 0].map((value) => g.constant(floats([2], [value, value]))),
    dX: [0, 0],
  },
  { op: 'LRN', what: 'of zeros', x: floats([1, 3, 1, 1], [0, 0, 0]), attributes: { size: 3 }, dX: [1, 1, 1] },
];

function graphOf({ op, x, rest, attributes, dY }: Edge): Graph {
  const g = new Graph('edge');
  const input = g.input('x', 'float32', x.dims);
  const y = g.op(op, [input, ...(rest?.(g) ?? [])], attributes);
  const loss = dY ? mul(g, y, g.constant(dY)) : y;
  g.output('dX', gradients(g, loss, [input])[0] as Value);
  return g;
}

describe('gradients at kinks, at the ends of the domain and far out are PyTorch’s', () => {
  it.each(EDGES.map((edge) => [`${edge.op} ${edge.what}`, edge] as const))('%s', async (_, edge) => {
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
    gradients(g, weighed, [x, scale]).forEach((slope, i) => {
      g.output(`d${i}`, slope as Value);
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
    gradients(g, total, wrt).forEach((slope, i) => {
      expect(slope?.shape).toEqual(wrt[i]?.shape);
      g.output(`${wrt[i]?.name}.grad`, slope as Value);
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
