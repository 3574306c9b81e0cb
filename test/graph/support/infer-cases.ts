import type { Graph } from '../../../src/graph/graph.js';
import type { Value } from '../../../src/graph/node/node.js';

/** A graph of one interesting operator on `x` [N, 4, 6, 5] and `m` [N, 8]; its outputs are checked against a run. */
export interface InferCase {
  readonly op: string;
  readonly what: string;
  build(g: Graph, x: Value, m: Value): Value | Value[];
}

const weights = (g: Graph, ...dims: number[]): Value => {
  const data = new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.25);
  return g.constant({ dtype: 'float32', dims, data }, `w${g.constants.size}`);
};

const unary = (op: string): InferCase => ({ op, what: '', build: (g, x) => g.op(op, [x]) });
const compare = (op: string): InferCase => ({
  op,
  what: 'of a broadcast',
  build: (g, x) => g.op(op, [x, g.scalar(0)]),
});
const conv = (what: string, shape: number[], attributes: Record<string, number | number[] | string>): InferCase => ({
  op: 'Conv',
  what,
  build: (g, x) => g.op('Conv', [x, weights(g, ...shape)], attributes),
});
const pool = (op: string, what: string, attributes: Record<string, number | number[] | string>): InferCase => ({
  op,
  what,
  build: (g, x) => g.op(op, [x], attributes),
});

/** What ONNX's own cases don't have: operators, and forms with a symbolic batch. */
export const INFER_CASES: readonly InferCase[] = [
  ...['Sign', 'Floor', 'Ceil', 'Size', 'Relu', 'HardSwish', 'Gelu', 'Erf', 'Softmax', 'GlobalAveragePool'].map(unary),
  ...['LessOrEqual', 'GreaterOrEqual', 'Greater', 'Equal'].map(compare),
  { op: 'Or', what: '', build: (g, x) => g.op('Or', [g.op('Less', [x, x]), g.op('Greater', [x, g.scalar(0)])]) },
  { op: 'ArgMin', what: 'along the classes', build: (g, _, m) => g.op('ArgMin', [m], { axis: -1, keepdims: 0 }) },
  { op: 'ArgMax', what: 'along the batch', build: (g, _, m) => g.op('ArgMax', [m], { axis: 0 }) },
  {
    op: 'ScatterElements',
    what: '',
    build: (g, _, m) =>
      g.op('ScatterElements', [m, g.op('ArgMax', [m], { axis: 1 }), g.op('ReduceMax', [m, g.integers([1])])], {
        axis: 1,
      }),
  },
  conv('grouped', [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv('depthwise, stride 2, uneven pads', [4, 1, 3, 2], { group: 4, strides: [2, 2], pads: [0, 1, 1, 0] }),
  conv('dilated', [3, 4, 2, 2], { dilations: [2, 3] }),
  conv('padded as SAME_UPPER', [3, 4, 4, 3], { auto_pad: 'SAME_UPPER', strides: [2, 3] }),
  conv('padded as SAME_LOWER', [3, 4, 4, 3], { auto_pad: 'SAME_LOWER', strides: [2, 3] }),
  conv('padded as VALID', [3, 4, 2, 2], { auto_pad: 'VALID', strides: [3, 2] }),
  pool('MaxPool', 'ceiling', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  pool('MaxPool', 'ceiling, last window in the padding', {
    kernel_shape: [2, 2],
    strides: [3, 3],
    pads: [1, 1, 1, 1],
    ceil_mode: 1,
  }),
  pool('AveragePool', 'padded', { kernel_shape: [3, 2], strides: [1, 2], pads: [1, 0, 1, 1], count_include_pad: 1 }),
  pool('LpPool', '', { kernel_shape: [2, 2], p: 2 }),
  { op: 'Flatten', what: 'to the batch', build: (g, x) => g.op('Flatten', [x]) },
  { op: 'Flatten', what: 'axis 0', build: (g, x) => g.op('Flatten', [x], { axis: 0 }) },
  { op: 'Flatten', what: 'axis -1', build: (g, x) => g.op('Flatten', [x], { axis: -1 }) },
  { op: 'Reshape', what: 'copied batch, rest left', build: (g, x) => g.op('Reshape', [x, g.integers([0, -1])]) },
  { op: 'Reshape', what: 'batch left, into the batch', build: (g, x) => g.op('Reshape', [x, g.integers([-1, 2, 5])]) },
  {
    op: 'Reshape',
    what: 'to a computed shape',
    build: (g, x) => {
      const batch = g.op('Slice', [g.op('Shape', [x]), g.integers([0]), g.integers([1])]);
      return g.op('Reshape', [x, g.op('Concat', [batch, g.integers([12, 10])], { axis: 0 })]);
    },
  },
  {
    op: 'Reshape',
    what: 'to a shape computed as exporters do (Gather, Unsqueeze, Div)',
    build: (g, x) => {
      const size = (i: number) =>
        g.op('Gather', [
          g.op('Shape', [x]),
          g.constant({ dtype: 'int64', dims: [], data: BigInt64Array.of(BigInt(i)) }),
        ]);
      const one = (value: Value) => g.op('Unsqueeze', [value, g.integers([0])]);
      const half = g.op('Div', [size(1), g.integers([2])]);
      return g.op('Reshape', [
        x,
        g.op('Concat', [one(size(0)), g.integers([2]), half, one(size(2)), one(size(3))], { axis: 0 }),
      ]);
    },
  },
  {
    op: 'Slice',
    what: 'up to half of a size counted from the end',
    build: (g, x) => {
      const last = g.op('Gather', [g.op('Shape', [x]), g.integers([-1])]);
      return g.op('Slice', [x, g.integers([0]), g.op('Div', [last, g.integers([2])]), g.integers([3])]);
    },
  },
  {
    op: 'Slice',
    what: 'backwards to the first',
    build: (g, x) => g.op('Slice', [x, g.integers([-1]), g.integers([-100]), g.integers([2]), g.integers([-1])]),
  },
  { op: 'Transpose', what: 'default', build: (g, x) => g.op('Transpose', [x]) },
  { op: 'Transpose', what: 'NHWC', build: (g, x) => g.op('Transpose', [x], { perm: [0, 2, 3, 1] }) },
  { op: 'Concat', what: 'channels', build: (g, x) => g.op('Concat', [x, x], { axis: 1 }) },
  { op: 'Concat', what: 'equal batches', build: (g, x) => g.op('Concat', [x, x, x], { axis: 0 }) },
  { op: 'Split', what: 'uneven', build: (g, _, m) => g.ops('Split', [m], { axis: 1, num_outputs: 3 }, { outputs: 3 }) },
  {
    op: 'Split',
    what: 'by sizes',
    build: (g, x) => g.ops('Split', [x, g.integers([1, 3])], { axis: 1 }, { outputs: 2 }),
  },
  {
    op: 'Slice',
    what: 'backwards',
    build: (g, x) => g.op('Slice', [x, g.integers([-1]), g.integers([-100]), g.integers([2]), g.integers([-2])]),
  },
  {
    op: 'Slice',
    what: 'to the end',
    build: (g, x) => g.op('Slice', [x, g.integers([1, 0]), g.integers([2 ** 31 - 1, 3]), g.integers([3, 1])]),
  },
  {
    op: 'Pad',
    what: 'by axes',
    build: (g, x) => g.op('Pad', [x, g.integers([1, -1, 0, 2]), null, g.integers([2, -1])]),
  },
  { op: 'Squeeze', what: '', build: (g, x) => g.op('Squeeze', [g.op('GlobalMaxPool', [x]), g.integers([2, 3])]) },
  { op: 'Expand', what: 'to a computed shape', build: (g, x) => g.op('Expand', [g.scalar(1), g.op('Shape', [x])]) },
  { op: 'Tile', what: 'of the batch', build: (g, _, m) => g.op('Tile', [m, g.integers([2, 3])]) },
  { op: 'MatMul', what: 'batched', build: (g, x) => g.op('MatMul', [x, weights(g, 5, 7)]) },
  { op: 'MatMul', what: 'with a vector', build: (g, x) => g.op('MatMul', [x, weights(g, 5)]) },
  {
    op: 'Gemm',
    what: 'transposed, with bias',
    build: (g, _, m) => g.op('Gemm', [m, weights(g, 3, 8), weights(g, 3)], { transB: 1 }),
  },
  { op: 'Gemm', what: 'batch as the inner axis', build: (g, _, m) => g.op('Gemm', [m, m], { transA: 1 }) },
  { op: 'ReduceMean', what: 'of all', build: (g, x) => g.op('ReduceMean', [x]) },
  {
    op: 'ReduceSum',
    what: 'over batch and positions',
    build: (g, x) => g.op('ReduceSum', [x, g.integers([0, 2, 3])], { keepdims: 0 }),
  },
  { op: 'ReduceSum', what: 'of nothing', build: (g, x) => g.op('ReduceSum', [x], { noop_with_empty_axes: 1 }) },
  {
    op: 'OneHot',
    what: '',
    build: (g, _, m) => g.op('OneHot', [g.op('ArgMax', [m], { axis: 1, keepdims: 0 }), g.integers([8]), weights(g, 2)]),
  },
  { op: 'Where', what: '', build: (g, x) => g.op('Where', [g.op('Less', [x, g.scalar(0)]), g.scalar(0), x]) },
  {
    op: 'BatchNormalization',
    what: 'that trains',
    build: (g, x) =>
      g.ops('BatchNormalization', [x, ...[0, 1, 2, 3].map(() => weights(g, 4))], { training_mode: 1 }, { outputs: 3 }),
  },
  {
    op: 'LayerNormalization',
    what: 'with statistics',
    build: (g, x) => g.ops('LayerNormalization', [x, weights(g, 6, 5)], { axis: 2 }, { outputs: 3 }),
  },
  {
    op: 'com.microsoft.FusedMatMul',
    what: 'transposed',
    build: (g, _, m) => g.microsoft('FusedMatMul', [m, weights(g, 3, 8)], { transB: 1 }),
  },
  {
    op: 'ConvTranspose',
    what: 'with output padding',
    build: (g, x) =>
      g.op('ConvTranspose', [x, weights(g, 4, 2, 3, 3)], {
        strides: [2, 2],
        output_padding: [1, 1],
        pads: [1, 0, 1, 0],
        group: 2,
      }),
  },
];
