import { describe, expect, it } from 'vitest';
import { fromModel } from '../../../src/graph/import/from-model.js';
import { printGraph } from '../../../src/graph/print.js';
import { verifyGraph } from '../../../src/graph/verify/verify.js';
import type { NodeProto } from '../../../src/onnx/model.js';
import { tensor } from '../../../src/onnx/tensor.js';
import { modelProto, nodeProto, valueProto } from '../support/protos.js';
import { deviation, runGraph } from '../support/run.js';

const X = valueProto('x', [2, 3, 4]);

function importNode(version: number, node: NodeProto) {
  const graph = fromModel(
    modelProto(version, { input: [X, valueProto('b', [3])], node: [node], output: [valueProto('y')] }),
  ).graph;
  verifyGraph(graph);
  return graph;
}

/** The lines of a node imported from an older operator set: its constants and nodes. */
function upgraded(version: number, node: NodeProto): string[] {
  return printGraph(importNode(version, node)).split('outputs:\n  y = %y\n')[1]?.trim().split(/\n\s*/) ?? [];
}

const like = '%y: float32[2, 3, 4]';
const rows: [string, number, NodeProto, string[]][] = [
  [
    'ReduceMean: axes',
    17,
    nodeProto('ReduceMean', ['x'], ['y'], { axes: [1], keepdims: 0 }),
    ['%y/axes: int64[1] = [1]', '%y: float32[2, 4] = ReduceMean(%x, %y/axes) {keepdims=0}'],
  ],
  ['ReduceMean: all axes', 17, nodeProto('ReduceMean', ['x'], ['y']), ['%y: float32[1, 1, 1] = ReduceMean(%x)']],
  [
    'ReduceSum: axes',
    12,
    nodeProto('ReduceSum', ['x'], ['y'], { axes: [-1] }),
    ['%y/axes: int64[1] = [-1]', '%y: float32[2, 3, 1] = ReduceSum(%x, %y/axes)'],
  ],
  [
    'Unsqueeze: axes',
    11,
    nodeProto('Unsqueeze', ['x'], ['y'], { axes: [0, 4] }),
    ['%y/axes: int64[2] = [0, 4]', '%y: float32[1, 2, 3, 4, 1] = Unsqueeze(%x, %y/axes)'],
  ],
  [
    'Clip: one bound',
    6,
    nodeProto('Clip', ['x'], ['y'], { max: { f: 6 } }),
    ['%y/max: float32[] = 6', `${like} = Clip(%x, _, %y/max)`],
  ],
  ['Clip: no bound', 6, nodeProto('Clip', ['x'], ['y']), [`${like} = Clip(%x)`]],
  [
    'Pad: amounts and value',
    10,
    nodeProto('Pad', ['x'], ['y'], { pads: [0, 0, 1, 0, 0, 0], value: { f: 2 } }),
    [
      '%y/pads: int64[6] = [0, 0, 1, 0, 0, 0]',
      '%y/value: float32[] = 2',
      '%y: float32[2, 3, 5] = Pad(%x, %y/pads, %y/value)',
    ],
  ],
  [
    'Pad: the name of version 1',
    1,
    nodeProto('Pad', ['x'], ['y'], { paddings: [0, 1, 0, 0, 0, 0], mode: 'reflect' }),
    ['%y/pads: int64[6] = [0, 1, 0, 0, 0, 0]', '%y: float32[2, 4, 4] = Pad(%x, %y/pads) {mode="reflect"}'],
  ],
  [
    'Split: sizes',
    11,
    nodeProto('Split', ['x'], ['y', 'z'], { axis: 1, split: [1, 2] }),
    ['%y/split: int64[2] = [1, 2]', '%y: float32[2, 1, 4], %z: float32[2, 2, 4] = Split(%x, %y/split) {axis=1}'],
  ],
  [
    'Split: equal parts',
    11,
    nodeProto('Split', ['x'], ['y', 'z']),
    ['%y: float32[1, 3, 4], %z: float32[1, 3, 4] = Split(%x) {num_outputs=2}'],
  ],
  [
    'Slice: without axes',
    9,
    nodeProto('Slice', ['x'], ['y'], { starts: [1], ends: [2] }),
    ['%y/starts: int64[1] = [1]', '%y/ends: int64[1] = [2]', '%y: float32[1, 3, 4] = Slice(%x, %y/starts, %y/ends)'],
  ],
  [
    'Concat: default axis',
    3,
    nodeProto('Concat', ['x', 'x'], ['y']),
    ['%y: float32[2, 6, 4] = Concat(%x, %x) {axis=1}'],
  ],
  [
    'Reshape: shape',
    4,
    nodeProto('Reshape', ['x'], ['y'], { shape: [0, -1] }),
    ['%y/shape: int64[2] = [0, -1]', '%y: float32[2, 12] = Reshape(%x, %y/shape)'],
  ],
  [
    'Cast: a type’s name',
    5,
    nodeProto('Cast', ['x'], ['y'], { to: 'DOUBLE' }),
    ['%y: float64[2, 3, 4] = Cast(%x) {to=11}'],
  ],
  [
    'Dropout: ratio, no test flag',
    6,
    nodeProto('Dropout', ['x'], ['y'], { ratio: { f: 0.25 }, is_test: 1 }),
    ['%y/ratio: float32[] = 0.25', `${like} = Dropout(%x, %y/ratio)`],
  ],
  ['Softmax: last axis', 12, nodeProto('Softmax', ['x'], ['y'], { axis: 2 }), [`${like} = Softmax(%x) {axis=2}`]],
  [
    'Softmax: several axes',
    12,
    nodeProto('Softmax', ['x'], ['y']),
    [
      '%y/shape: int64[3] = [2, 3, 4]',
      '%y/Flatten: float32[2, 12] = Flatten(%x) {axis=1}',
      '%y/Softmax: float32[2, 12] = Softmax(%y/Flatten) {axis=1}',
      `${like} = Reshape(%y/Softmax, %y/shape)`,
    ],
  ],
  [
    'Add: along an axis',
    6,
    nodeProto('Add', ['x', 'b'], ['y'], { broadcast: 1, axis: 1 }),
    [
      '%y/axes: int64[1] = [1]',
      '%y/Unsqueeze: float32[3, 1] = Unsqueeze(%b, %y/axes)',
      `${like} = Add(%x, %y/Unsqueeze)`,
    ],
  ],
  ['Relu: consumed inputs', 1, nodeProto('Relu', ['x'], ['y'], { consumed_inputs: [0] }), [`${like} = Relu(%x)`]],
  [
    'PRelu: slope per channel',
    6,
    nodeProto('PRelu', ['x', 'b'], ['y']),
    [
      '%y/axes: int64[1] = [1]',
      '%y/Unsqueeze: float32[3, 1] = Unsqueeze(%b, %y/axes)',
      `${like} = PRelu(%x, %y/Unsqueeze)`,
    ],
  ],
  [
    'BatchNormalization: flags and training outputs',
    6,
    nodeProto('BatchNormalization', ['x', 'b', 'b', 'b', 'b'], ['y', 'm', 'v', 'sm', 'sv'], {
      is_test: 1,
      spatial: 1,
      epsilon: { f: 0.001 },
    }),
    [`${like} = BatchNormalization(%x, %b, %b, %b, %b) {epsilon=0.001}`],
  ],
  [
    'Swish: of a newer set',
    24,
    nodeProto('Swish', ['x'], ['y'], { alpha: { f: 1.5 } }),
    [
      '%y/alpha: float32[] = 1.5',
      '%y/Mul: float32[2, 3, 4] = Mul(%x, %y/alpha)',
      '%y/Sigmoid: float32[2, 3, 4] = Sigmoid(%y/Mul)',
      `${like} = Mul(%x, %y/Sigmoid)`,
    ],
  ],
];

describe('operators of other versions become those of operator set 20', () => {
  it.each(rows)('%s', (_, version, node, lines) => {
    expect(upgraded(version, node).filter((line) => line !== 'constants:' && line !== 'nodes:')).toEqual(lines);
  });

  it('Gemm without its broadcast flag', () => {
    const input = ['a', 'b', 'c'].map((name, i) => valueProto(name, [[2, 3], [3, 4], [4]][i]));
    const node = [nodeProto('Gemm', ['a', 'b', 'c'], ['y'], { broadcast: 1 })];
    const { graph } = fromModel(modelProto(6, { input, node, output: [valueProto('y')] }));
    expect(graph.nodes[0]?.attributes).toEqual({});
  });

  it('refuses statistics for each position', () => {
    const node = nodeProto('BatchNormalization', ['x', 'b', 'b', 'b', 'b'], ['y'], { spatial: 0 });
    expect(() => importNode(8, node)).toThrow('BatchNormalization "y": statistics for each position');
  });

  it('refuses Cast to a type that isn’t there', () => {
    expect(() => importNode(5, nodeProto('Cast', ['x'], ['y'], { to: 'COMPLEX64' }))).toThrow('Cast "y": attribute to');
  });
});

describe('upgraded operators give the old numbers', () => {
  const data = Float32Array.from({ length: 24 }, (_, i) => Math.sin(3 * i));
  const x = tensor('float32', [2, 3, 4], data);
  const run = async (version: number, node: NodeProto) => {
    const graph = importNode(version, node);
    const feeds = new Map([
      ['x', x],
      ['b', tensor('float32', [3], [10, 20, 30])],
    ]);
    return (await runGraph(graph, new Map(), feeds)).get('y') ?? expect.fail('no output');
  };

  it('Softmax over two axes at once', async () => {
    const expected = [0, 1].flatMap((row) => {
      const part = [...data.slice(12 * row, 12 * row + 12)].map(Math.exp);
      return part.map((value) => value / part.reduce((a, b) => a + b));
    });
    const got = await run(12, nodeProto('Softmax', ['x'], ['y']));
    expect(deviation(got, tensor('float32', [2, 3, 4], expected), 1e-5, 1e-7)).toBeLessThanOrEqual(1);
  });

  it('Add along an axis', async () => {
    const expected = data.map((value, i) => value + 10 * (1 + (Math.floor(i / 4) % 3)));
    const got = await run(6, nodeProto('Add', ['x', 'b'], ['y'], { broadcast: 1, axis: 1 }));
    expect(deviation(got, tensor('float32', [2, 3, 4], expected), 1e-6, 0)).toBeLessThanOrEqual(1);
  });
});
