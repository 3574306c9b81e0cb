import type { Graph } from '../../src/graph/graph.js';
import type { Attributes, Value } from '../../src/graph/node/node.js';
import { tensor } from '../../src/onnx/tensor.js';
import type { GradientCase } from './cases.js';

/** Operators that Agon's own networks don't have, but classifiers from elsewhere. */

const ints =
  (...values: number[]) =>
  (g: Graph) => [g.integers(values)];
const indices =
  (dims: readonly number[], ...values: number[]) =>
  (g: Graph): Value[] => [g.constant(tensor('int64', dims, values))];

const gather = (note: string, shape: readonly number[], axis: number, rest: GradientCase['rest']): GradientCase => ({
  op: 'Gather',
  note,
  shapes: [shape],
  attributes: { axis },
  ...(rest && { rest }),
});

const layerNorm = (
  note: string,
  x: readonly number[],
  scale: readonly number[],
  attributes: Attributes,
  bias: readonly number[] | null = scale,
): GradientCase => ({
  op: 'LayerNormalization',
  note,
  shapes: bias ? [x, scale, bias] : [x, scale],
  attributes: { epsilon: 1e-5, ...attributes },
});

const deconv = (
  note: string,
  x: readonly number[],
  w: readonly number[],
  attributes: Attributes = {},
  bias?: number,
): GradientCase => ({
  op: 'ConvTranspose',
  note,
  shapes: bias === undefined ? [x, w] : [x, w, [bias]],
  attributes,
});

export const FOREIGN_CASES: readonly GradientCase[] = [
  { op: 'PRelu', note: 'one slope', shapes: [[3, 4], [1]], kinks: [0] },
  {
    op: 'PRelu',
    note: 'a slope per channel',
    shapes: [
      [2, 3, 4, 2],
      [3, 1, 1],
    ],
    kinks: [0],
  },
  { op: 'PRelu', note: 'a slope per position', shapes: [[2, 3, 4], [4]], kinks: [0] },
  { op: 'PRelu', note: 'a scalar slope', shapes: [[3, 4], []], kinks: [0] },
  { op: 'ThresholdedRelu', shapes: [[4, 5]], range: [-1, 3], kinks: [1] },
  { op: 'ThresholdedRelu', note: 'below zero', shapes: [[4, 5]], attributes: { alpha: -0.5 }, kinks: [-0.5] },
  { op: 'Selu', shapes: [[4, 5]], range: [-3, 3], kinks: [0] },
  { op: 'Selu', note: 'other constants', shapes: [[4, 5]], attributes: { alpha: 0.7, gamma: 2 }, kinks: [0] },
  { op: 'Celu', shapes: [[4, 5]], range: [-3, 3], attributes: { alpha: 0.7 }, kinks: [0] },
  { op: 'Mish', shapes: [[4, 5]], range: [-4, 4] },
  { op: 'Softsign', shapes: [[4, 5]], range: [-3, 3], kinks: [0] },

  layerNorm('last axis', [2, 3, 6], [6], {}),
  layerNorm('two axes', [2, 3, 4], [3, 4], { axis: 1 }),
  layerNorm('negative axis, large epsilon', [2, 3, 4], [3, 4], { axis: -2, epsilon: 0.1 }),
  layerNorm('all axes', [3, 4], [3, 4], { axis: 0 }),
  layerNorm('without bias', [5, 6], [6], { axis: -1 }, null),
  layerNorm('scale and bias that broadcast', [2, 3, 4], [1, 4], { axis: 1 }, [3, 1]),
  layerNorm('channels last of images', [2, 3, 2, 5], [5], {}),
  { op: 'InstanceNormalization', shapes: [[2, 3, 4, 3], [3], [3]] },
  {
    op: 'InstanceNormalization',
    note: 'one spatial axis',
    shapes: [[2, 3, 7], [3], [3]],
    attributes: { epsilon: 0.1 },
  },
  { op: 'LRN', shapes: [[2, 7, 3, 2]], attributes: { size: 5, alpha: 0.9, beta: 0.75, bias: 1 } },
  { op: 'LRN', note: 'another bias', shapes: [[2, 6, 5, 1]], attributes: { size: 3, alpha: 2, beta: 0.5, bias: 2 } },
  { op: 'LRN', note: 'one channel at a time', shapes: [[1, 3, 2, 2]], attributes: { size: 1, alpha: 1, beta: 1 } },

  gather('the first token', [2, 5, 3], 1, indices([], 0)),
  gather('the last token, from the end', [2, 5, 3], -2, indices([], -1)),
  gather('one of three parts', [3, 2, 4], 0, indices([], 1)),
  gather('a row of neighbours', [2, 6], 1, ints(2, 3, 4)),
  gather('neighbours across the end', [2, 6], 1, ints(-1, 0)),
  gather('backwards, some twice', [2, 4, 3], 1, ints(3, 0, 3, -4)),
  gather('a matrix of rows of a table', [5, 2], 0, indices([3, 4], 0, 1, 2, 3, 4, 0, -1, 2, 2, 2, 1, 0)),
  gather('a matrix along the middle axis', [2, 4, 3], 1, indices([2, 2], 3, -3, 1, 0)),
  gather('along the last axis', [2, 3, 4], -1, ints(1, 1)),
  gather('of computed indices', [4, 3], 0, (g) => [
    g.op('Cast', [g.constant(tensor('float32', [3], [2, 0, 2]))], { to: 7 }),
  ]),

  deconv('3x3', [2, 4, 5, 4], [4, 3, 3, 3], {}, 3),
  deconv('2x2 stride 2', [2, 4, 5, 4], [4, 3, 2, 2], { strides: [2, 2] }, 3),
  deconv('3x3 stride 2, padded, with output_padding', [2, 4, 5, 4], [4, 3, 3, 3], {
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    output_padding: [1, 1],
  }),
  deconv('asymmetric, dilated', [1, 2, 5, 6], [2, 3, 2, 3], { strides: [2, 1], dilations: [2, 2], pads: [0, 1, 1, 2] }),
  deconv('two groups', [2, 4, 4, 4], [4, 3, 3, 3], { group: 2, pads: [1, 1, 1, 1] }, 6),
  deconv('depthwise', [2, 4, 4, 4], [4, 1, 3, 3], { group: 4, strides: [2, 2], pads: [1, 1, 1, 1] }),
  deconv('SAME_UPPER', [2, 3, 4, 5], [3, 2, 3, 4], { auto_pad: 'SAME_UPPER', strides: [2, 3] }),
  deconv('SAME_LOWER', [2, 3, 4, 5], [3, 2, 4, 3], { auto_pad: 'SAME_LOWER', strides: [3, 2] }),
  deconv('VALID', [2, 3, 4, 5], [3, 2, 3, 2], { auto_pad: 'VALID', strides: [2, 2] }),
  deconv('output_shape', [2, 3, 4, 5], [3, 2, 4, 3], { output_shape: [8, 10], strides: [2, 2] }),
  deconv('one spatial axis', [2, 3, 6], [3, 2, 3], { strides: [2], pads: [1, 0] }),

  { op: 'DepthToSpace', shapes: [[2, 8, 2, 3]], attributes: { blocksize: 2 } },
  { op: 'DepthToSpace', note: 'CRD', shapes: [[2, 18, 2, 1]], attributes: { blocksize: 3, mode: 'CRD' } },
  { op: 'SpaceToDepth', shapes: [[2, 3, 4, 6]], attributes: { blocksize: 2 } },

  { op: 'ReduceLogSumExp', shapes: [[2, 3, 4]], rest: ints(-1) },
  {
    op: 'ReduceLogSumExp',
    note: 'two axes, dropped',
    shapes: [[2, 3, 4]],
    rest: ints(0, -2),
    attributes: { keepdims: 0 },
  },
  { op: 'ReduceLogSumExp', note: 'all', shapes: [[2, 3, 4]] },
  { op: 'ReduceLogSum', shapes: [[2, 3, 4]], rest: ints(1), range: [0.5, 2] },
  { op: 'ReduceL1', shapes: [[2, 3, 4]], rest: ints(0, 2), kinks: [0] },
  { op: 'ReduceL1', note: 'dropped', shapes: [[2, 3, 4]], rest: ints(-2), attributes: { keepdims: 0 }, kinks: [0] },
  { op: 'Mean', note: 'three, broadcast', shapes: [[3, 4], [4], [1, 1]] },
];
