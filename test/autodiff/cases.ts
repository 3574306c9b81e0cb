import type { Graph } from '../../src/graph/graph.js';
import type { Attributes, Value } from '../../src/graph/node/node.js';

/** One row of the gradient table: an operator at given shapes, and where its inputs are sampled from. */
export interface GradientCase {
  readonly op: string;
  readonly note?: string;
  /** Shapes of the float inputs that are differentiated. */
  readonly shapes: readonly (readonly number[])[];
  readonly attributes?: Attributes;
  /** Constant inputs after the differentiated ones (axes, sizes, bounds); null is a skipped input. */
  readonly rest?: (g: Graph) => readonly (Value | null)[];
  readonly outputs?: number;
  /** Range of the samples. */
  readonly range?: readonly [number, number];
  /** Points at which the function has a kink: samples stay 0.05 away from them. */
  readonly kinks?: readonly number[];
  /** No two samples are closer than this, whatever the range: no ties for a maximum. */
  readonly gap?: number;
  readonly domain?: 'agon';
}

/** More than what two samples can move towards each other in the test's step (2 * 1.5 * 0.01). */
const GAP = 0.04;
const image = [2, 3, 7, 6] as const;
const ints =
  (...values: number[]) =>
  (g: Graph) => [g.integers(values)];

const conv = (
  note: string,
  x: readonly number[],
  w: readonly number[],
  attributes: Attributes = {},
  bias = false,
): GradientCase => ({
  op: 'Conv',
  note,
  shapes: bias ? [x, w, [w[0] as number]] : [x, w],
  attributes,
});

export const CASES: readonly GradientCase[] = [
  conv('3x3 padded', image, [4, 3, 3, 3], { pads: [1, 1, 1, 1] }, true),
  conv('1x1', image, [5, 3, 1, 1]),
  conv('1x1 stride 2', [2, 3, 8, 7], [5, 3, 1, 1], { strides: [2, 2] }),
  conv('3x3 stride 2, a tail that no window reaches', [2, 3, 8, 9], [4, 3, 3, 3], { strides: [2, 2] }),
  conv('3x3 stride 2 padded', [2, 3, 8, 8], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv('7x7 stride 2', [2, 3, 13, 12], [4, 3, 7, 7], { strides: [2, 2], pads: [3, 3, 3, 3] }),
  conv('2x3 asymmetric pads and strides', image, [4, 3, 2, 3], { pads: [0, 2, 1, 0], strides: [2, 1] }),
  conv('dilated', [2, 3, 9, 8], [4, 3, 3, 2], { dilations: [2, 3], pads: [2, 1, 1, 2] }),
  conv('dilated stride 2', [2, 3, 9, 9], [4, 3, 3, 3], { dilations: [2, 2], strides: [2, 2], pads: [2, 2, 2, 2] }),
  conv('padding wider than the kernel', [1, 2, 4, 4], [3, 2, 2, 2], { pads: [3, 3, 2, 2] }),
  conv('SAME_UPPER', [2, 3, 7, 8], [4, 3, 3, 4], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  conv('SAME_LOWER', [2, 3, 7, 8], [4, 3, 2, 4], { auto_pad: 'SAME_LOWER' }),
  conv('VALID', [2, 3, 7, 8], [4, 3, 3, 4], { auto_pad: 'VALID' }),
  conv('depthwise', [2, 4, 7, 6], [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }),
  conv('depthwise stride 2', [2, 4, 7, 6], [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1], strides: [2, 2] }),
  conv('depthwise with multiplier', [2, 3, 6, 6], [6, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }),
  conv('two groups', [2, 6, 7, 6], [4, 3, 3, 3], { group: 2, pads: [1, 1, 1, 1] }, true),
  conv('two groups stride 2 dilated', [2, 4, 9, 9], [6, 2, 3, 3], {
    group: 2,
    strides: [2, 2],
    dilations: [2, 2],
    pads: [1, 1, 1, 1],
  }),
  conv('one spatial axis', [2, 3, 9], [4, 3, 3], { pads: [1, 1], strides: [2] }),
  conv('three spatial axes', [1, 2, 4, 5, 4], [3, 2, 2, 3, 2], { pads: [1, 1, 0, 0, 1, 1] }),

  { op: 'Gemm', shapes: [[3, 4], [4, 5], [5]] },
  {
    op: 'Gemm',
    note: 'transB, bias of one',
    shapes: [[3, 4], [5, 4], [1]],
    attributes: { transB: 1, alpha: 0.5, beta: 2 },
  },
  {
    op: 'Gemm',
    note: 'transA',
    shapes: [
      [4, 3],
      [4, 5],
    ],
    attributes: { transA: 1 },
  },
  {
    op: 'Gemm',
    note: 'both transposed',
    shapes: [
      [4, 3],
      [5, 4],
      [3, 5],
    ],
    attributes: { transA: 1, transB: 1 },
  },
  {
    op: 'MatMul',
    shapes: [
      [3, 4],
      [4, 5],
    ],
  },
  {
    op: 'MatMul',
    note: 'batched, broadcast',
    shapes: [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
  },
  { op: 'MatMul', note: 'vector on the left', shapes: [[4], [2, 4, 3]] },
  { op: 'MatMul', note: 'vector on the right', shapes: [[2, 3, 4], [4]] },
  { op: 'MatMul', note: 'two vectors', shapes: [[4], [4]] },

  { op: 'BatchNormTraining', domain: 'agon', shapes: [[4, 3, 5, 2], [3], [3]], outputs: 4 },
  { op: 'BatchNormTraining', domain: 'agon', note: 'without spatial axes', shapes: [[6, 3], [3], [3]], outputs: 4 },
  {
    op: 'BatchNormalization',
    note: 'inference form',
    shapes: [[2, 3, 4, 4], [3], [3]],
    rest: (g) => [g.constant(floats([3], [0.1, -0.2, 0.3])), g.constant(floats([3], [0.5, 1, 2]))],
  },
  {
    op: 'MaxPool',
    shapes: [[2, 3, 7, 6]],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    gap: GAP,
  },
  {
    op: 'MaxPool',
    note: '2x2',
    shapes: [[2, 3, 6, 6]],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    gap: GAP,
  },
  {
    op: 'MaxPool',
    note: 'a tail',
    shapes: [[1, 2, 7, 8]],
    attributes: { kernel_shape: [2, 3], strides: [3, 3] },
    gap: GAP,
  },
  {
    op: 'MaxPool',
    note: 'ceil mode',
    shapes: [[1, 2, 6, 7]],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
    gap: GAP,
  },
  {
    op: 'MaxPool',
    note: 'overlapping, dilated',
    shapes: [[1, 2, 7, 7]],
    attributes: { kernel_shape: [2, 2], dilations: [2, 2] },
    gap: GAP,
  },
  { op: 'GlobalMaxPool', shapes: [[2, 3, 4, 5]], gap: GAP },
  { op: 'AveragePool', shapes: [[2, 3, 6, 6]], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  {
    op: 'AveragePool',
    note: 'padding not counted',
    shapes: [[2, 3, 7, 6]],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  {
    op: 'AveragePool',
    note: 'padding counted',
    shapes: [[2, 3, 7, 6]],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
  },
  { op: 'AveragePool', note: 'a tail', shapes: [[1, 2, 8, 7]], attributes: { kernel_shape: [3, 2], strides: [3, 3] } },
  { op: 'GlobalAveragePool', shapes: [[2, 3, 4, 5]] },

  { op: 'Relu', shapes: [[3, 4]], kinks: [0] },
  { op: 'LeakyRelu', shapes: [[3, 4]], attributes: { alpha: 0.1 }, kinks: [0] },
  {
    op: 'Clip',
    note: 'ReLU6',
    shapes: [[4, 5]],
    range: [-3, 9],
    kinks: [0, 6],
    rest: (g) => [g.scalar(0), g.scalar(6)],
  },
  { op: 'Clip', note: 'only above', shapes: [[4, 5]], kinks: [0.5], rest: (g) => [null, g.scalar(0.5)] },
  { op: 'Sigmoid', shapes: [[3, 4]], range: [-4, 4] },
  { op: 'HardSigmoid', shapes: [[4, 5]], range: [-5, 5], kinks: [-2.5, 2.5] },
  {
    op: 'HardSigmoid',
    note: "torch's",
    shapes: [[4, 5]],
    range: [-5, 5],
    attributes: { alpha: 1 / 6, beta: 0.5 },
    kinks: [-3, 3],
  },
  { op: 'HardSwish', shapes: [[4, 5]], range: [-5, 5], kinks: [-3, 3] },
  { op: 'Tanh', shapes: [[3, 4]] },
  { op: 'Erf', shapes: [[3, 4]] },
  { op: 'Gelu', shapes: [[3, 4]], range: [-3, 3] },
  { op: 'Gelu', note: 'tanh', shapes: [[3, 4]], range: [-3, 3], attributes: { approximate: 'tanh' } },
  { op: 'Elu', shapes: [[3, 4]], attributes: { alpha: 0.7 }, kinks: [0] },
  { op: 'Softplus', shapes: [[3, 4]] },
  { op: 'Dropout', note: 'inference form', shapes: [[3, 4]] },

  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'].flatMap((op) => broadcastPairs(op)),
  { op: 'Pow', note: 'square', shapes: [[3, 4]], range: [0.5, 2], rest: (g) => [g.scalar(2)] },
  { op: 'Pow', note: 'both', shapes: [[3, 4], [4]], range: [0.5, 2] },
  { op: 'Sum', note: 'three, broadcast', shapes: [[3, 4], [4], [1, 1]] },
  { op: 'Neg', shapes: [[3, 4]] },
  { op: 'Exp', shapes: [[3, 4]] },
  { op: 'Log', shapes: [[3, 4]], range: [0.5, 3] },
  { op: 'Sqrt', shapes: [[3, 4]], range: [0.5, 3] },
  { op: 'Reciprocal', shapes: [[3, 4]], range: [0.5, 3] },
  { op: 'Abs', shapes: [[3, 4]], kinks: [0] },
  { op: 'Identity', shapes: [[3, 4]] },
  { op: 'Cast', note: 'to double', shapes: [[3, 4]], attributes: { to: 11 } },

  { op: 'ReduceSum', shapes: [[2, 3, 4]], rest: ints(0, 2) },
  { op: 'ReduceSum', note: 'all, dropped', shapes: [[2, 3, 4]], attributes: { keepdims: 0 } },
  { op: 'ReduceMean', shapes: [[2, 3, 4]], rest: ints(-1), attributes: { keepdims: 0 } },
  { op: 'ReduceSumSquare', shapes: [[2, 3, 4]], rest: ints(1) },
  { op: 'ReduceL2', shapes: [[2, 3, 4]], rest: ints(1, 2), range: [0.5, 1.5] },
  { op: 'ReduceMax', shapes: [[2, 3, 4]], rest: ints(2), gap: GAP },
  { op: 'ReduceMin', shapes: [[2, 3, 4]], rest: ints(0), attributes: { keepdims: 0 }, gap: GAP },
  { op: 'Softmax', shapes: [[3, 5]] },
  { op: 'Softmax', note: 'axis 1 of 3', shapes: [[2, 4, 3]], attributes: { axis: 1 } },
  { op: 'LogSoftmax', shapes: [[3, 5]] },
  { op: 'LogSoftmax', note: 'axis 1 of 3', shapes: [[2, 4, 3]], attributes: { axis: 1 } },

  { op: 'Reshape', shapes: [[2, 3, 4]], rest: ints(0, -1) },
  { op: 'Flatten', shapes: [[2, 3, 4]] },
  { op: 'Squeeze', shapes: [[2, 1, 3, 1]], rest: ints(1, 3) },
  { op: 'Unsqueeze', shapes: [[2, 3]], rest: ints(0, 2) },
  { op: 'Transpose', shapes: [[2, 3, 4]], attributes: { perm: [2, 0, 1] } },
  { op: 'Transpose', note: 'without perm', shapes: [[2, 3, 4]] },
  {
    op: 'Concat',
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    attributes: { axis: 1 },
  },
  { op: 'Split', shapes: [[2, 6]], rest: ints(1, 3, 2), attributes: { axis: 1 }, outputs: 3 },
  { op: 'Slice', shapes: [[4, 7]], rest: (g) => [1, 2].map((i) => g.integers([i, i + 2])) },
  {
    op: 'Slice',
    note: 'steps',
    shapes: [[5, 9]],
    rest: (g) =>
      [
        [1, 0],
        [5, 9],
        [0, 1],
        [3, 2],
      ].map((list) => g.integers(list)),
  },
  {
    op: 'Slice',
    note: 'backwards',
    shapes: [[5, 9]],
    rest: (g) => [[-1], [-(2 ** 31)], [1], [-1]].map((list) => g.integers(list)),
  },
  {
    op: 'Slice',
    note: 'backwards in steps',
    shapes: [[9]],
    rest: (g) => [[7], [0], [0], [-3]].map((list) => g.integers(list)),
  },
  { op: 'Pad', shapes: [[2, 3]], rest: ints(1, 0, 0, 2) },
  {
    op: 'Pad',
    note: 'negative, with axes',
    shapes: [[3, 5]],
    rest: (g) => [g.integers([-1, 2]), null, g.integers([1])],
  },
  { op: 'Expand', shapes: [[3, 1]], rest: ints(2, 3, 4) },
  { op: 'Tile', shapes: [[2, 3]], rest: ints(2, 3) },
];

function broadcastPairs(op: string): GradientCase[] {
  const apart = op === 'Max' || op === 'Min' ? { gap: GAP } : {};
  const range = op === 'Div' ? { range: [0.5, 2] as const } : {};
  const pairs: readonly (readonly [readonly number[], readonly number[]])[] = [
    [
      [3, 4],
      [3, 4],
    ],
    [[2, 3, 4], [4]],
    [
      [3, 1],
      [2, 1, 4],
    ],
    [[], [2, 3]],
    [[1, 1], [1]],
  ];
  return pairs.map(([a, b]) => ({ op, note: `[${a}] and [${b}]`, shapes: [a, b], ...apart, ...range }));
}

function floats(dims: readonly number[], data: readonly number[]) {
  return { dtype: 'float32' as const, dims, data: Float32Array.from(data) };
}
