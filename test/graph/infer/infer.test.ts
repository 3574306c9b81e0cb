import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/graph/graph.js';
import type { Shape } from '../../../src/graph/node/dim.js';
import type { Value } from '../../../src/graph/node/node.js';
import { tensor } from '../../../src/onnx/tensor.js';
import { settleShape } from '../support/dims.js';
import { INFER_CASES } from '../support/infer-cases.js';
import { runGraph } from '../support/run.js';

const values = (dims: readonly number[]) =>
  tensor(
    'float32',
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + 1)),
  );

describe('types and shapes with a symbolic batch are those of a run', () => {
  it.each(INFER_CASES.map((row) => ({ ...row, name: `${row.op} ${row.what}` })))('$name', async ({ build }) => {
    const g = new Graph('case');
    const [x, m] = [g.input('x', 'float32', ['N', 4, 6, 5]), g.input('m', 'float32', ['N', 8])];
    const built = [build(g, x, m)].flat();
    for (const [i, value] of built.entries()) g.output(`y${i}`, value);
    for (const N of [1, 3]) {
      const feeds = new Map([
        ['x', values([N, 4, 6, 5])],
        ['m', values([N, 8])],
      ]);
      const results = await runGraph(g, new Map(), feeds);
      for (const [i, { dtype, shape }] of built.entries()) {
        const { dtype: gotType, dims } = results.get(`y${i}`) ?? expect.fail('no such output');
        expect([dtype, settleShape(shape, { N })]).toEqual([gotType, [...dims]]);
      }
    }
  });
});

describe('what doesn’t fit is an error that names the node', () => {
  const rows: [string, (g: Graph, input: (shape: Shape) => Value) => Value, string][] = [
    ['channels', (g, x) => g.op('Conv', [x(['N', 3, 8, 8]), x([4, 2, 3, 3])]), 'Conv "n": input channels: expected 2'],
    [
      'a bias',
      (g, x) => g.op('Conv', [x(['N', 2, 8, 8]), x([4, 2, 3, 3]), x([3])]),
      'Conv "n": bias: expected [4], got [3]',
    ],
    ['a window', (g, x) => g.op('Conv', [x(['N', 2, 2, 8]), x([4, 2, 3, 3])]), 'Conv "n": spatial axis 0'],
    ['inner sizes', (g, x) => g.op('MatMul', [x(['N', 3]), x([4, 5])]), 'MatMul "n": inner sizes'],
    ['Gemm’s bias', (g, x) => g.op('Gemm', [x(['N', 3]), x([3, 5]), x([4])]), 'Gemm "n": bias'],
    [
      'a broadcast',
      (g, x) => g.op('Add', [x(['N', 3]), x(['M', 3])]),
      'Add "n": inputs: expected shapes that broadcast',
    ],
    ['types', (g, x) => g.op('Add', [x([1]), g.integers([1])]), 'Add "n": types of the inputs'],
    ['an axis', (g, x) => g.op('Concat', [x([1])], { axis: 1 }), 'Concat "n": axis: expected -1 to 0, got 1'],
    [
      'a target',
      (g, x) => g.op('Reshape', [x(['N', 3]), g.integers([0, 4])]),
      'Reshape "n": target shape: expected 3*N elements',
    ],
    ['a slope', (g, x) => g.op('PRelu', [x(['N', 3, 2]), x([3, 3, 1])]), 'PRelu "n": slope'],
    [
      'statistics',
      (g, x) => g.op('InstanceNormalization', [x(['N', 3, 2]), x([3]), x([2])]),
      'InstanceNormalization "n"',
    ],
    [
      'a scale of rows',
      (g, x) => g.op('LayerNormalization', [x(['N', 3, 6]), x([3])]),
      'LayerNormalization "n": scale and bias',
    ],
    ['two scalars', (g, x) => g.op('MatMul', [x([]), x([])]), 'MatMul "n": inner sizes'],
    ['an unknown operator', (g, x) => g.op('Frobnicate', [x([1])]), 'Frobnicate "n": this operator is unknown'],
  ];
  it.each(rows)('%s', (_, build, message) => {
    const g = new Graph('case');
    const ops = g.ops.bind(g);
    g.ops = ((op, inputs, attributes, options) =>
      ops(op, inputs, attributes, { ...options, name: 'n' })) as Graph['ops'];
    expect(() => build(g, (shape) => g.input(`x${g.inputs.length}`, 'float32', shape))).toThrow(message);
  });
});
