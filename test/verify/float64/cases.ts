import type { Attributes } from '../../../src/graph/node/node.js';
import { type DType, type Tensor, tensor } from '../../../src/onnx/tensor.js';

interface Numbers {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

/** An operator on numbers that are small enough to compute by hand. Integers are constants of the graph. */
export interface OperatorCase {
  readonly op: string;
  readonly note?: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes?: Attributes;
  readonly domain?: 'agon';
  readonly expected: readonly Numbers[];
}

const typed =
  (dtype: DType) =>
  (dims: readonly number[], ...data: number[]) =>
    tensor(dtype, dims, data);
const floats = typed('float64');
const booleans = typed('bool');
const integers = (...data: number[]) => tensor('int64', [data.length], data);
const integer = (value: number) => tensor('int64', [], [value]);
const are = (dims: readonly number[], ...data: number[]): Numbers => ({ dims, data });

const square = floats([2, 2], 1, 2, 3, 4);
const other = floats([2, 2], 5, 6, 7, 8);
const row = floats([2], 10, 20);
const cube = floats([2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
const slopes = floats([4], 1, 2, 3, 4);
const image = floats([1, 1, 3, 3], 1, 2, 3, 4, 5, 6, 7, 8, 9);
const patch = floats([1, 1, 2, 2], 1, 2, 3, 4);
const kernel = floats([1, 1, 2, 2], 1, 10, 100, 1000);
const window = { kernel_shape: [2, 2], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
const padded = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
/** The first channel is 1 and 3, the second 2 and 6. */
const channels = floats([2, 2, 1, 1], 1, 2, 3, 6);
const [two, three, four] = [2, 3, 4].map(Math.log) as [number, number, number];

export const CASES: readonly OperatorCase[] = [
  { op: 'Add', inputs: [square, row], expected: [are([2, 2], 11, 22, 13, 24)] },
  { op: 'Add', note: 'of a column', inputs: [floats([2, 1], 1, 2), row], expected: [are([2, 2], 11, 21, 12, 22)] },
  { op: 'Sub', inputs: [row, square], expected: [are([2, 2], 9, 18, 7, 16)] },
  { op: 'Mul', inputs: [square, floats([], 3)], expected: [are([2, 2], 3, 6, 9, 12)] },
  { op: 'Div', inputs: [floats([], 12), square], expected: [are([2, 2], 12, 6, 4, 3)] },
  { op: 'Sum', inputs: [square, row, floats([], 100)], expected: [are([2, 2], 111, 122, 113, 124)] },
  { op: 'Max', inputs: [square, floats([], 2.5)], expected: [are([2, 2], 2.5, 2.5, 3, 4)] },
  { op: 'Equal', inputs: [square, floats([2], 1, 4)], expected: [are([2, 2], 1, 0, 0, 1)] },
  { op: 'Less', inputs: [square, floats([], 2)], expected: [are([2, 2], 1, 0, 0, 0)] },
  { op: 'Greater', inputs: [square, floats([], 2)], expected: [are([2, 2], 0, 0, 1, 1)] },
  { op: 'GreaterOrEqual', inputs: [square, floats([], 2)], expected: [are([2, 2], 0, 1, 1, 1)] },
  { op: 'Neg', inputs: [row], expected: [are([2], -10, -20)] },
  { op: 'Exp', inputs: [floats([2], 0, two)], expected: [are([2], 1, 2)] },
  { op: 'Sqrt', inputs: [floats([2], 4, 9)], expected: [are([2], 2, 3)] },
  { op: 'Detach', domain: 'agon', inputs: [row], expected: [are([2], 10, 20)] },
  { op: 'Cast', inputs: [booleans([2], 1, 0)], attributes: { to: 1 }, expected: [are([2], 1, 0)] },
  { op: 'Expand', inputs: [floats([1, 2], 1, 2), integers(2, 1)], expected: [are([2, 2], 1, 2, 1, 2)] },
  { op: 'Expand', note: 'of a number', inputs: [floats([], 5), integers(3)], expected: [are([3], 5, 5, 5)] },

  { op: 'ReduceSum', inputs: [square, integers(0)], attributes: { keepdims: 0 }, expected: [are([2], 4, 6)] },
  { op: 'ReduceSum', note: 'kept', inputs: [square, integers(-1)], expected: [are([2, 1], 3, 7)] },
  {
    op: 'ReduceSum',
    note: 'of two axes',
    inputs: [cube, integers(0, 2)],
    attributes: { keepdims: 0 },
    expected: [are([2], 14, 22)],
  },
  { op: 'ReduceMean', inputs: [square], attributes: { keepdims: 0 }, expected: [are([], 2.5)] },
  {
    op: 'ArgMax',
    inputs: [floats([2, 3], 1, 5, 5, 9, 2, 3)],
    attributes: { axis: 1, keepdims: 0 },
    expected: [are([2], 1, 0)],
  },
  { op: 'ArgMax', note: 'kept', inputs: [floats([2, 3], 1, 5, 5, 9, 2, 3)], expected: [are([1, 3], 1, 0, 0)] },
  {
    op: 'LogSoftmax',
    inputs: [floats([2, 2], 0, three, 7, 7)],
    expected: [are([2, 2], -four, three - four, -two, -two)],
  },
  {
    op: 'LogSoftmax',
    note: 'of columns',
    inputs: [floats([2, 2], 1000, 7, 1000 + three, 7)],
    attributes: { axis: 0 },
    expected: [are([2, 2], -four, -two, three - four, -two)],
  },

  { op: 'Reshape', inputs: [square, integers(0, 1, -1)], expected: [are([2, 1, 2], 1, 2, 3, 4)] },
  { op: 'Reshape', note: 'to a number', inputs: [floats([1], 3), integers()], expected: [are([], 3)] },
  { op: 'Flatten', inputs: [cube], attributes: { axis: 1 }, expected: [are([2, 4], 1, 2, 3, 4, 5, 6, 7, 8)] },
  {
    op: 'Concat',
    inputs: [square, floats([2, 1], 5, 6)],
    attributes: { axis: 1 },
    expected: [are([2, 3], 1, 2, 5, 3, 4, 6)],
  },
  {
    op: 'Split',
    inputs: [floats([2, 3], 1, 2, 3, 4, 5, 6), integers(1, 2)],
    attributes: { axis: 1 },
    expected: [are([2, 1], 1, 4), are([2, 2], 2, 3, 5, 6)],
  },
  { op: 'Gather', inputs: [square, integer(1)], expected: [are([2], 3, 4)] },
  {
    op: 'Gather',
    note: 'of columns',
    inputs: [square, integers(-1, 0)],
    attributes: { axis: 1 },
    expected: [are([2, 2], 2, 1, 4, 3)],
  },
  {
    op: 'OneHot',
    inputs: [integers(2, 0), integers(3), floats([2], 0.1, 0.9)],
    expected: [are([2, 3], 0.1, 0.1, 0.9, 0.9, 0.1, 0.1)],
  },

  { op: 'Gemm', inputs: [square, other], expected: [are([2, 2], 19, 22, 43, 50)] },
  {
    op: 'Gemm',
    note: 'transA',
    inputs: [square, other],
    attributes: { transA: 1 },
    expected: [are([2, 2], 26, 30, 38, 44)],
  },
  {
    op: 'Gemm',
    note: 'transB, scaled, with a bias',
    inputs: [square, other, row],
    attributes: { transB: 1, alpha: 2, beta: 0.5 },
    expected: [are([2, 2], 39, 56, 83, 116)],
  },
  {
    op: 'Gemm',
    note: 'of a row',
    inputs: [floats([1, 3], 1, 2, 3), floats([2, 3], 1, 0, 2, 0, 1, 1)],
    attributes: { transB: 1 },
    expected: [are([1, 2], 7, 5)],
  },

  { op: 'Conv', inputs: [image, kernel], expected: [are([1, 1, 2, 2], 5421, 6532, 8754, 9865)] },
  {
    op: 'Conv',
    note: 'in groups, strided, padded above and to the right',
    inputs: [floats([1, 2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8), floats([2, 1, 2, 2], 1, 10, 100, 1000, 1, 1, 1, 1)],
    attributes: { group: 2, strides: [2, 2], pads: [1, 0, 0, 1] },
    expected: [are([1, 2, 1, 1], 2100, 11)],
  },
  {
    op: 'Conv',
    note: 'dilated',
    inputs: [image, floats([1, 1, 1, 2], 1, 10)],
    attributes: { dilations: [1, 2] },
    expected: [are([1, 1, 3, 1], 31, 64, 97)],
  },
  {
    op: 'ConvInputGrad',
    domain: 'agon',
    inputs: [patch, kernel],
    attributes: { ...window, input_size: [3, 3] },
    expected: [are([1, 1, 3, 3], 1, 12, 20, 103, 1234, 2040, 300, 3400, 4000)],
  },
  {
    op: 'ConvWeightGrad',
    domain: 'agon',
    inputs: [image, patch],
    attributes: window,
    expected: [are([1, 1, 2, 2], 37, 47, 67, 77)],
  },

  {
    op: 'BatchNormTraining',
    domain: 'agon',
    inputs: [channels, floats([2], 3, 5), row],
    attributes: { epsilon: 0 },
    expected: [are([2, 2, 1, 1], 7, 15, 13, 25), are([2], 2, 4), are([2], 1, 4), are([2], 1, 0.5)],
  },
  {
    op: 'BatchNormTrainingGrad',
    domain: 'agon',
    inputs: [
      floats([4, 1, 1, 1], 1, 2, 3, 10),
      floats([4, 1, 1, 1], 1, 1, 3, 3),
      ...[2, 2, 1].map((value) => floats([1], value)),
    ],
    expected: [are([4, 1, 1, 1], -1, 1, -7, 7), are([1], 10), are([1], 16)],
  },
  {
    op: 'BatchNormalization',
    inputs: [channels, floats([2], 3, 5), row, floats([2], 0, 2), floats([2], 4, 16)],
    attributes: { epsilon: 0 },
    expected: [are([2, 2, 1, 1], 11.5, 20, 14.5, 25)],
  },

  { op: 'AveragePool', inputs: [image], attributes: window, expected: [are([1, 1, 2, 2], 3, 4, 6, 7)] },
  { op: 'AveragePool', note: 'padded', inputs: [image], attributes: padded, expected: [are([1, 1, 2, 2], 3, 4, 6, 7)] },
  {
    op: 'AveragePoolGrad',
    domain: 'agon',
    inputs: [floats([1, 1, 2, 2], 4, 8, 12, 16)],
    attributes: { ...window, input_size: [3, 3] },
    expected: [are([1, 1, 3, 3], 1, 3, 2, 4, 10, 6, 3, 7, 4)],
  },
  { op: 'GlobalAveragePool', inputs: [image], expected: [are([1, 1, 1, 1], 5)] },
  { op: 'MaxPool', inputs: [image], attributes: padded, expected: [are([1, 1, 2, 2], 5, 6, 8, 9)] },
  {
    op: 'MaxPoolGrad',
    domain: 'agon',
    inputs: [patch, image, floats([1, 1, 2, 2], 5, 6, 8, 9)],
    attributes: padded,
    expected: [are([1, 1, 3, 3], 0, 0, 0, 0, 1, 2, 0, 3, 4)],
  },
  {
    op: 'MaxPoolGrad',
    note: 'the first of two maxima',
    domain: 'agon',
    inputs: [floats([1, 1, 1, 1], 3), floats([1, 1, 2, 2], 1, 7, 7, 1), floats([1, 1, 1, 1], 7)],
    attributes: window,
    expected: [are([1, 1, 2, 2], 0, 3, 0, 0)],
  },

  { op: 'Relu', inputs: [floats([4], -1, 0, 0.5, 7)], expected: [are([4], 0, 0, 0.5, 7)] },
  { op: 'ReluGrad', domain: 'agon', inputs: [slopes, floats([4], 0, 0, 0.5, 7)], expected: [are([4], 0, 0, 3, 4)] },
  {
    op: 'Clip',
    inputs: [floats([4], -1, 0, 0.5, 7), floats([], 0), floats([], 6)],
    expected: [are([4], 0, 0, 0.5, 6)],
  },
  { op: 'Clip', note: 'above only', inputs: [row, null, floats([], 15)], expected: [are([2], 10, 15)] },
  {
    op: 'ClipGrad',
    domain: 'agon',
    inputs: [slopes, floats([4], 0, 0, 0.5, 6)],
    attributes: { min: { float: 0 }, max: { float: 6 } },
    expected: [are([4], 0, 0, 3, 0)],
  },

  { op: 'Abs', inputs: [floats([2], -2, 3)], expected: [are([2], 2, 3)] },
  { op: 'Sign', inputs: [floats([3], -2, 0, 3)], expected: [are([3], -1, 0, 1)] },
  { op: 'Pow', inputs: [square, floats([], 2)], expected: [are([2, 2], 1, 4, 9, 16)] },
  { op: 'Mean', inputs: [square, row, floats([], 100)], expected: [are([2, 2], 37, 122 / 3, 113 / 3, 124 / 3)] },
  { op: 'Sigmoid', inputs: [floats([2], 0, three)], expected: [are([2], 0.5, 0.75)] },
  { op: 'Tanh', inputs: [floats([2], 0, two)], expected: [are([2], 0, 0.6)] },
  { op: 'Softplus', inputs: [floats([3], 0, three, -1000)], expected: [are([3], two, four, 0)] },
  { op: 'Softsign', inputs: [floats([2], -1, 3)], expected: [are([2], -0.5, 0.75)] },
  { op: 'Mish', inputs: [floats([2], 0, 1000)], expected: [are([2], 0, 1000)] },
  // tanh(softplus(log 3)) = tanh(log 4) = 15 / 17
  { op: 'Mish', note: 'of log 3', inputs: [floats([1], three)], expected: [are([1], (three * 15) / 17)] },
  { op: 'ThresholdedRelu', inputs: [floats([3], 1, 2, 3)], attributes: { alpha: 2 }, expected: [are([3], 0, 0, 3)] },
  {
    op: 'Selu',
    inputs: [floats([2], 2, -two)],
    attributes: { alpha: 4, gamma: 3 },
    expected: [are([2], 6, -6)],
  },
  { op: 'Celu', inputs: [floats([2], 2, -2 * two)], attributes: { alpha: 2 }, expected: [are([2], 2, -1)] },
  { op: 'PRelu', inputs: [floats([2, 2], -1, 2, -3, 0), row], expected: [are([2, 2], -10, 2, -30, 0)] },

  { op: 'ReduceL1', inputs: [floats([2, 2], -1, 2, 3, -4), integers(1)], expected: [are([2, 1], 3, 7)] },
  { op: 'ReduceLogSum', inputs: [floats([2], 1, 2)], attributes: { keepdims: 0 }, expected: [are([], three)] },
  { op: 'ReduceLogSumExp', inputs: [floats([1, 2], 0, two), integers(1)], expected: [are([1, 1], three)] },

  {
    op: 'LayerNormalization',
    inputs: [floats([2, 2], 1, 3, 10, 30), row, floats([2], 0.5, 1)],
    attributes: { epsilon: 0 },
    expected: [are([2, 2], -9.5, 21, -9.5, 21)],
  },
  {
    op: 'LayerNormalization',
    note: 'of all axes, without a bias',
    inputs: [floats([2, 2], 1, 1, 3, 3), row],
    attributes: { epsilon: 3, axis: 0 },
    expected: [are([2, 2], -5, -10, 5, 10)],
  },
  {
    op: 'InstanceNormalization',
    inputs: [floats([1, 2, 2], 1, 3, 2, 6), row, floats([2], 0.5, 1)],
    attributes: { epsilon: 0 },
    expected: [are([1, 2, 2], -9.5, 10.5, -19, 21)],
  },
  {
    op: 'LRN',
    inputs: [floats([1, 3, 1, 1], 1, 2, 3)],
    attributes: { size: 3, alpha: 3, beta: 1, bias: 1 },
    expected: [are([1, 3, 1, 1], 1 / 6, 2 / 15, 3 / 14)],
  },

  {
    op: 'ConvTranspose',
    inputs: [patch, kernel],
    expected: [are([1, 1, 3, 3], 1, 12, 20, 103, 1234, 2040, 300, 3400, 4000)],
  },
  {
    op: 'ConvTranspose',
    note: 'strided, cut below and to the right, with a bias',
    inputs: [patch, kernel, floats([1], 0.5)],
    attributes: { strides: [2, 2], pads: [0, 0, 1, 1] },
    expected: [are([1, 1, 3, 3], 1.5, 10.5, 2.5, 100.5, 1000.5, 200.5, 3.5, 30.5, 4.5)],
  },
  {
    op: 'ConvTranspose',
    note: 'in groups, along one axis',
    inputs: [floats([1, 2, 2], 1, 2, 3, 4), floats([2, 1, 2], 1, 10, 100, 1000)],
    attributes: { group: 2 },
    expected: [are([1, 2, 3], 1, 12, 20, 300, 3400, 4000)],
  },
  {
    op: 'DepthToSpace',
    inputs: [floats([1, 8, 1, 1], 1, 2, 3, 4, 5, 6, 7, 8)],
    attributes: { blocksize: 2 },
    expected: [are([1, 2, 2, 2], 1, 3, 5, 7, 2, 4, 6, 8)],
  },
  {
    op: 'DepthToSpace',
    note: 'CRD',
    inputs: [floats([1, 8, 1, 1], 1, 2, 3, 4, 5, 6, 7, 8)],
    attributes: { blocksize: 2, mode: 'CRD' },
    expected: [are([1, 2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8)],
  },
  {
    op: 'SpaceToDepth',
    inputs: [floats([1, 2, 2, 2], 1, 3, 5, 7, 2, 4, 6, 8)],
    attributes: { blocksize: 2 },
    expected: [are([1, 8, 1, 1], 1, 2, 3, 4, 5, 6, 7, 8)],
  },

  { op: 'Transpose', inputs: [floats([2, 3], 1, 2, 3, 4, 5, 6)], expected: [are([3, 2], 1, 4, 2, 5, 3, 6)] },
  {
    op: 'Transpose',
    note: 'of three axes',
    inputs: [cube],
    attributes: { perm: [1, 2, 0] },
    expected: [are([2, 2, 2], 1, 5, 2, 6, 3, 7, 4, 8)],
  },
  { op: 'Unsqueeze', inputs: [square, integers(0, -1)], expected: [are([1, 2, 2, 1], 1, 2, 3, 4)] },
  { op: 'Pad', inputs: [row, integers(1, 2)], expected: [are([5], 0, 10, 20, 0, 0)] },
  {
    op: 'Pad',
    note: 'cut in front, along one axis',
    inputs: [square, integers(-1, 1), null, integers(1)],
    expected: [are([2, 2], 2, 0, 4, 0)],
  },
  {
    op: 'ScatterElements',
    inputs: [floats([2, 3], 0, 0, 0, 1, 1, 1), tensor('int64', [2, 2], [2, 2, -3, 1]), square],
    attributes: { axis: 1, reduction: 'add' },
    expected: [are([2, 3], 0, 0, 3, 4, 5, 1)],
  },
  {
    op: 'AveragePool',
    note: 'padding counted',
    inputs: [floats([1, 1, 1, 2], 3, 6)],
    attributes: { kernel_shape: [1, 3], pads: [0, 1, 0, 1], count_include_pad: 1 },
    expected: [are([1, 1, 1, 2], 3, 3)],
  },
];
