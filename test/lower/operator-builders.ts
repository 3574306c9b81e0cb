import { add, indicator, mul, reshape } from '../../src/graph/arithmetic.js';
import type { Graph } from '../../src/graph/graph.js';
import type { Attributes, Value } from '../../src/graph/node/node.js';
import { elementCount, tensor } from '../../src/onnx/tensor.js';
import { stream } from '../../src/util/random.js';

/** Puts an operator behind images [N, C, 6, 4] with C a multiple of 4: what it makes, as float32. */
export type Build = (g: Graph, x: Value) => Value;

const draw = (g: Graph, dims: readonly number[]): Value => {
  const random = stream(21, dims.join('x'));
  const data = Float32Array.from({ length: elementCount(dims) }, () => random.uniform() - 0.4);
  return g.constant(tensor('float32', dims, data));
};
const sizes = ({ shape }: Value) => shape as readonly [number, number, number, number];
const positive = (g: Graph, x: Value) => add(g, mul(g, x, x), g.scalar(0.5));
const floats = (g: Graph, x: Value) => g.op('Cast', [x], { to: 1 });

const each = (operators: string, build: (op: string) => Build): Record<string, Build> =>
  Object.fromEntries(operators.split(' ').map((op) => [op, build(op)]));

const unary = (operators: string, attributes: Attributes = {}) =>
  each(operators, (op) => (g, x) => g.op(op, [x], attributes));

const ofPositive = (operators: string) => each(operators, (op) => (g, x) => g.op(op, [positive(g, x)]));

const comparisons = (operators: string) => each(operators, (op) => (g, x) => floats(g, g.op(op, [x, g.scalar(0.1)])));

const conditions = (operators: string) =>
  each(operators, (op) => (g, x) => {
    const [low, high] = [g.op('Greater', [x, g.scalar(-0.1)]), g.op('Less', [x, g.scalar(0.2)])];
    return indicator(g, g.op(op, [low, high]));
  });

const window = { kernel_shape: [2, 2], strides: [2, 2] };
const perChannel = (g: Graph, x: Value) => draw(g, [sizes(x)[1]]);

/** One graph for every operator of ONNX's domain that inference knows. */
export const ONNX_BUILDERS: Readonly<Record<string, Build>> = {
  ...unary(
    'Relu Sigmoid HardSigmoid HardSwish Tanh Gelu Erf Softplus Softsign Mish Selu Identity Neg Exp Abs Sign Ceil',
  ),
  ...unary('LeakyRelu Elu Celu ThresholdedRelu', { alpha: 0.3 }),
  ...unary('GlobalAveragePool GlobalMaxPool Flatten Transpose MeanVarianceNormalization Dropout'),
  ...unary('Softmax LogSoftmax', { axis: 1 }),
  ...unary('MaxPool AveragePool LpPool', window),
  ...unary('DepthToSpace SpaceToDepth', { blocksize: 2 }),
  ...ofPositive('Log Sqrt Reciprocal'),
  ...comparisons('Equal Less LessOrEqual Greater GreaterOrEqual'),
  ...conditions('And Or'),
  ...each('Add Sub Mul Max Min Sum Mean', (op) => (g, x) => g.op(op, [x, g.op('Relu', [x])])),
  ...each(
    'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare',
    (op) => (g, x) => g.op(op, [x, g.integers([2, 3])]),
  ),
  ...each('ReduceLogSum ReduceLogSumExp', (op) => (g, x) => g.op(op, [positive(g, x), g.integers([1])])),
  ...each('ArgMax ArgMin', (op) => (g, x) => floats(g, g.op(op, [x], { axis: 1 }))),
  ...each('Shape Size', (op) => (g, x) => floats(g, g.op(op, [x]))),
  Floor: (g, x) => g.op('Floor', [mul(g, x, g.scalar(4))]),
  Not: (g, x) => indicator(g, g.op('Not', [g.op('Greater', [x, g.scalar(0)])])),
  Div: (g, x) => g.op('Div', [x, positive(g, x)]),
  Pow: (g, x) => g.op('Pow', [positive(g, x), g.scalar(-1.5)]),
  Clip: (g, x) => g.op('Clip', [x, g.scalar(-0.1), g.scalar(0.2)]),
  PRelu: (g, x) => g.op('PRelu', [x, reshape(g, perChannel(g, x), [-1, 1, 1])]),
  Cast: (g, x) => floats(g, g.op('Greater', [x, g.scalar(0)])),
  Where: (g, x) => g.op('Where', [g.op('Greater', [x, g.scalar(0)]), x, g.scalar(-0.3)]),
  LRN: (g, x) => g.op('LRN', [x], { size: 3, alpha: 0.5 }),
  Conv: (g, x) => g.op('Conv', [x, draw(g, [16, sizes(x)[1], 3, 3])], { pads: [1, 1, 1, 1] }),
  ConvTranspose: (g, x) => g.op('ConvTranspose', [x, draw(g, [sizes(x)[1], 16, 2, 2])], { strides: [2, 2] }),
  BatchNormalization: (g, x) => {
    const values = [0, 1, 2].map(() => perChannel(g, x));
    return g.op('BatchNormalization', [x, ...values, positive(g, perChannel(g, x))]);
  },
  InstanceNormalization: (g, x) => g.op('InstanceNormalization', [x, perChannel(g, x), perChannel(g, x)]),
  LayerNormalization: (g, x) => g.op('LayerNormalization', [x, draw(g, sizes(x).slice(1))], { axis: 1 }),
  Gemm: (g, x) => g.op('Gemm', [g.op('Flatten', [x]), draw(g, [elementCount(sizes(x).slice(1)), 3])]),
  MatMul: (g, x) => g.op('MatMul', [x, draw(g, [4, 3])]),
  Reshape: (g, x) => reshape(g, x, [0, -1, 8]),
  Squeeze: (g, x) => g.op('Squeeze', [g.op('ReduceMax', [x, g.integers([3])]), g.integers([3])]),
  Unsqueeze: (g, x) => g.op('Unsqueeze', [x, g.integers([2])]),
  Concat: (g, x) => g.op('Concat', [x, x], { axis: 1 }),
  Split: (g, x) => g.ops('Split', [x], { axis: 1, num_outputs: 2 }, { outputs: 2 })[1] as Value,
  Slice: (g, x) => g.op('Slice', [x, g.integers([1]), g.integers([5]), g.integers([2])]),
  Pad: (g, x) => g.op('Pad', [x, g.integers([1, 1]), null, g.integers([3])]),
  Tile: (g, x) => g.op('Tile', [x, g.integers([1, 1, 2, 1])]),
  Expand: (g, x) => g.op('Expand', [g.op('GlobalAveragePool', [x]), g.integers(sizes(x))]),
  Gather: (g, x) => g.op('Gather', [x, g.integers([2, 0])], { axis: 1 }),
  ScatterElements: (g, x) => {
    const places = g.op('ArgMax', [x], { axis: 1 });
    return g.op('ScatterElements', [x, places, g.op('ReduceMax', [x, g.integers([1])])], { axis: 1 });
  },
  OneHot: (g, x) => g.op('OneHot', [g.op('ArgMax', [x], { axis: 1 }), g.integers([40]), draw(g, [2])]),
  ConstantOfShape: (g, x) => add(g, g.op('ConstantOfShape', [g.op('Shape', [x])]), g.scalar(1)),
};

const direct = { pads: [1, 1, 1, 1], strides: [1, 1], dilations: [1, 1], kernel_shape: [3, 3] };

/** Those of Agon's own operators that stay with images alone. */
export const SEMANTIC_BUILDERS: Readonly<Record<string, Build>> = {
  Detach: (g, x) => g.agon('Detach', [x])[0] as Value,
  ReluGrad: (g, x) => g.agon('ReluGrad', [x, g.op('Relu', [x])])[0] as Value,
  ClipGrad: (g, x) => {
    const y = g.op('Clip', [x, g.scalar(0), g.scalar(0.3)]);
    return g.agon('ClipGrad', [x, y], { min: { float: 0 }, max: { float: 0.3 } })[0] as Value;
  },
  ConvInputGrad: (g, x) => {
    const [, channels, ...spatial] = sizes(x);
    const attributes = { ...direct, group: channels, input_size: spatial };
    return g.agon('ConvInputGrad', [x, draw(g, [channels, 1, 3, 3])], attributes)[0] as Value;
  },
};
