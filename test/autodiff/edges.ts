import type { Graph } from '../../src/graph/graph.js';
import type { Attributes, Value } from '../../src/graph/node/node.js';

/** One row: an operator at points where its derivative jumps, has no value, or is at the end of what float32 holds. */
export interface EdgeCase {
  readonly op: string;
  readonly note: string;
  /** The float inputs that are differentiated, flat. */
  readonly inputs: readonly (readonly number[])[];
  /** Their shapes: [n] when left out. */
  readonly shapes?: readonly (readonly number[])[];
  readonly attributes?: Attributes;
  /** Constant inputs before and after the differentiated ones; null is a skipped input. */
  readonly first?: (g: Graph) => readonly Value[];
  readonly rest?: (g: Graph) => readonly (Value | null)[];
  readonly outputs?: number;
  readonly domain?: 'agon';
  /** Gradient of the output, flat: ones when left out. */
  readonly dY?: readonly number[];
  /** The gradient of each input. */
  readonly expected: readonly (readonly number[])[];
  /**
   * Where PyTorch's value is from: a function of torch/csrc/autograd/FunctionsManual.cpp, a formula of tools/autograd/derivatives.yaml, or
   * a kernel of aten/src/ATen/native (or its decomposition in torch/_decomp). `finite`: PyTorch's own formula overflows, this is its limit.
   */
  readonly torch: string;
}

const INF = Number.POSITIVE_INFINITY;
const NAN = Number.NaN;
const HUGE = 1e30;
/** The largest float32. */
const MAX = 3.4028234663852886e38;
/** The least positive float32 that isn't denormal. */
const TINY = 1.1754943508222875e-38;
const clip = (min: number | null, max: number | null) => (g: Graph) =>
  [min, max].map((bound) => (bound === null ? null : g.scalar(bound)));
const axes =
  (...values: number[]) =>
  (g: Graph) => [g.integers(values)];

export const EDGES: readonly EdgeCase[] = [
  {
    op: 'Relu',
    note: 'at 0 and -0',
    inputs: [[0, -0, TINY, -TINY, MAX, -MAX]],
    expected: [[0, 0, 1, 0, 1, 0]],
    torch: 'threshold_backward: self <= 0 ? 0 : grad',
  },
  {
    op: 'LeakyRelu',
    note: 'at 0',
    inputs: [[0, TINY, -1, HUGE, -HUGE]],
    attributes: { alpha: 0.1 },
    expected: [[0.1, 1, 0.1, 1, 0.1]],
    torch: 'leaky_relu_backward: self > 0 ? grad : grad * slope',
  },
  {
    op: 'Clip',
    note: 'ReLU6 at its ends',
    inputs: [[0, 6, 3, -1, 7, HUGE, -HUGE]],
    rest: clip(0, 6),
    expected: [[0, 0, 1, 0, 0, 0, 0]],
    torch: 'hardtanh_backward: self <= min || self >= max ? 0 : grad',
  },
  {
    op: 'Clip',
    note: 'clamp at both ends',
    inputs: [[-1, 1, 0, -1.5, 1.5, HUGE, -HUGE]],
    rest: clip(-1, 1),
    expected: [[1, 1, 1, 0, 0, 0, 0]],
    torch: 'clamp_backward: self >= min && self <= max ? grad : 0',
  },
  {
    op: 'Clip',
    note: 'clamp from below',
    inputs: [[0, TINY, -1, HUGE]],
    rest: clip(0, null),
    expected: [[1, 1, 0, 1]],
    torch: 'clamp_backward: self >= min ? grad : 0',
  },
  {
    op: 'Clip',
    note: 'clamp from above',
    inputs: [[0.5, 0.25, 1, -HUGE]],
    rest: clip(null, 0.5),
    expected: [[1, 1, 0, 1]],
    torch: 'clamp_backward: self <= max ? grad : 0',
  },
  {
    op: 'Sigmoid',
    note: 'far out',
    inputs: [[0, 200, -200, MAX, -MAX]],
    expected: [[0.25, 0, 0, 0, 0]],
    torch: 'sigmoid_backward: grad * (1 - result) * result',
  },
  {
    op: 'HardSigmoid',
    note: 'at its ends',
    inputs: [[-3, 3, 0, -4, 4, HUGE, -HUGE]],
    attributes: { alpha: 1 / 6, beta: 0.5 },
    expected: [[0, 0, 1 / 6, 0, 0, 0, 0]],
    torch: 'hardsigmoid_backward: self > -3 && self < 3 ? grad / 6 : 0',
  },
  {
    op: 'HardSwish',
    note: 'at its ends',
    inputs: [[-3, 3, 0, -4, 4, HUGE, -HUGE]],
    expected: [[0, 1, 0.5, 0, 1, 1, 0]],
    torch: 'hardswish_backward: self <= -3 ? 0 : self < 3 ? grad * (self / 3 + 0.5) : grad',
  },
  {
    op: 'Tanh',
    note: 'far out',
    inputs: [[0, 100, -100, MAX, -MAX]],
    expected: [[1, 0, 0, 0, 0]],
    torch: 'tanh_backward: grad * (1 - result^2)',
  },
  {
    op: 'Erf',
    note: 'far out',
    inputs: [[0, 20, -20, 1e20, -MAX]],
    expected: [[2 / Math.sqrt(Math.PI), 0, 0, 0, 0]],
    torch: 'erf: 2 / sqrt(pi) * exp(-self^2) * grad',
  },
  {
    op: 'Gelu',
    note: 'far out',
    inputs: [[0, 20, -20, 1e20, -1e20, MAX, -MAX]],
    expected: [[0.5, 1, 0, 1, 0, 1, 0]],
    torch: 'gelu_backward: cdf + self * pdf',
  },
  {
    op: 'Gelu',
    note: 'tanh, far out',
    inputs: [[0, 20, -20, 1e19, -1e19, 1e20, -1e20, MAX, -MAX]],
    attributes: { approximate: 'tanh' },
    expected: [[0.5, 1, 0, 1, 0, 1, 0, 1, 0]],
    torch: 'finite: gelu_backward, whose 0 * inf is NaN from 2e19 on',
  },
  {
    op: 'Elu',
    note: 'at 0 and far out',
    inputs: [[0, TINY, -200, MAX, -MAX]],
    attributes: { alpha: 0.7 },
    expected: [[0.7, 1, 0, 1, 0]],
    torch: 'elu_backward: self <= 0 ? grad * alpha * exp(self) : grad',
  },
  {
    op: 'Softplus',
    note: 'far out',
    inputs: [[0, 200, -200, MAX, -MAX]],
    expected: [[0.5, 1, 0, 1, 0]],
    torch: 'softplus_backward: grad * z / (z + 1), grad above its threshold',
  },

  {
    op: 'Div',
    note: 'by 0',
    inputs: [
      [1, 0, -1],
      [0, 0, 0],
    ],
    expected: [
      [INF, INF, INF],
      [-INF, NAN, INF],
    ],
    torch: 'div_tensor_self_backward: grad / other; div_tensor_other_backward: -grad * ((self / other) / other)',
  },
  {
    op: 'Div',
    note: 'at both ends',
    inputs: [
      [0, 1, 1e-30, 1e30],
      [1e-30, 1e30, 1e-30, 1e30],
    ],
    dY: [1e10, 1, 1, 1],
    expected: [
      [INF, 1e-30, 1e30, 1e-30],
      [0, 0, -1e30, -1e-30],
    ],
    torch: 'div_tensor_other_backward: -grad * ((self / other) / other)',
  },
  {
    op: 'Pow',
    note: 'base 0',
    inputs: [
      [0, 0, 0, 0, 0, -0],
      [2, 1, 0.5, 0, -1, 3],
    ],
    expected: [
      [0, 1, INF, 0, -INF, 0],
      [0, 0, 0, 0, -INF, 0],
    ],
    torch:
      'pow_backward_self: exponent == 0 ? 0 : grad * exponent * self^(exponent - 1); pow_backward_exponent: self == 0 && exponent >= 0 ? 0 : grad * result * log(self)',
  },
  {
    op: 'Pow',
    note: 'base below 0 and 1',
    inputs: [
      [-2, 1, HUGE],
      [2, 5, 0],
    ],
    expected: [
      [-4, 5, 0],
      [NAN, 0, Math.log(HUGE)],
    ],
    torch: 'pow_backward_self, pow_backward_exponent: the logarithm of a negative base is NaN',
  },
  ...[
    { exponent: 0, expected: [0, 0, 0] },
    { exponent: 0.5, expected: [INF, 0.5, NAN] },
    { exponent: 1, expected: [1, 1, 1] },
    { exponent: 2, expected: [0, 2, -4] },
    { exponent: 3, expected: [0, 3, 12] },
    { exponent: -1, expected: [-INF, -1, -0.25] },
  ].map(({ exponent, expected }) => ({
    op: 'Pow',
    note: `base 0, exponent the constant ${exponent}`,
    inputs: [[0, 1, -2]],
    rest: (g: Graph) => [g.scalar(exponent)],
    expected: [expected],
    torch: 'pow_backward: exponent == 0 ? 0 : grad * exponent * self^(exponent - 1)',
  })),
  {
    op: 'Pow',
    note: 'a constant base',
    inputs: [[0, 2, -1]],
    first: (g) => [g.scalar(0)],
    expected: [[0, 0, -INF]],
    torch: 'pow_backward_exponent: base == 0: exponent >= 0 ? 0 : grad * result * log(base)',
  },
  {
    op: 'Exp',
    note: 'at both ends',
    inputs: [[0, 100, -200, -MAX]],
    expected: [[1, INF, 0, 0]],
    torch: 'exp: grad * result',
  },
  {
    op: 'Log',
    note: 'at 0',
    inputs: [[0, -0, HUGE, -1]],
    expected: [[INF, -INF, 1e-30, -1]],
    torch: 'log: grad / self',
  },
  {
    op: 'Sqrt',
    note: 'at 0',
    inputs: [[0, 4, 1e30, 1e-30]],
    expected: [[INF, 0.25, 5e-16, 5e14]],
    torch: 'sqrt: grad / (2 * result)',
  },
  {
    op: 'Reciprocal',
    note: 'at 0 and far out',
    inputs: [[0, 2, 1e10, 1e30]],
    expected: [[-INF, -0.25, -1e-20, 0]],
    torch: 'reciprocal: -grad * result^2',
  },
  {
    op: 'Abs',
    note: 'at 0 and -0',
    inputs: [[0, -0, TINY, -TINY, MAX, -MAX]],
    expected: [[0, 0, 1, -1, 1, -1]],
    torch: 'abs: grad * sgn(self)',
  },
  {
    op: 'Where',
    note: 'an infinite gradient stays where it belongs',
    inputs: [
      [1, 2],
      [3, 4],
    ],
    first: (g) => [g.constant({ dtype: 'bool', dims: [2], data: Uint8Array.from([1, 0]) })],
    dY: [INF, -INF],
    expected: [
      [INF, 0],
      [0, -INF],
    ],
    torch: 'where: where(condition, grad, 0), where(condition, 0, grad)',
  },
  ...(['Max', 'Min'] as const).map((op) => ({
    op,
    note: 'ties',
    inputs: [
      [1, 0, -0, 2, MAX],
      [1, 0, 0, 3, MAX],
    ],
    expected: [
      [0.5, 0.5, 0.5, op === 'Max' ? 0 : 1, 0.5],
      [0.5, 0.5, 0.5, op === 'Max' ? 1 : 0, 0.5],
    ],
    torch: 'maximum, minimum: half of grad to each where self == other',
  })),

  {
    op: 'ReduceL2',
    note: 'rows of zeros',
    inputs: [[0, 0, 3, 4, -0, 0, 0, -2]],
    shapes: [[4, 2]],
    rest: axes(1),
    dY: [1, 10, 1, 1],
    expected: [[0, 0, 6, 8, 0, 0, 0, -1]],
    torch: 'linalg_vector_norm_backward: grad * (self / norm), 0 where norm == 0',
  },
  {
    op: 'ReduceL2',
    note: 'all of it zero, and small and large rows',
    inputs: [[0, 0, 3e-15, 4e-15, 3e15, 4e15]],
    shapes: [[3, 2]],
    rest: axes(-1),
    expected: [[0, 0, 0.6, 0.8, 0.6, 0.8]],
    torch: 'linalg_vector_norm_backward',
  },
  {
    op: 'ReduceSumSquare',
    note: 'zeros and large numbers',
    inputs: [[0, -0, 1e30, -1e30]],
    rest: axes(0),
    expected: [[0, 0, 2e30, -2e30]],
    torch: 'pow_backward with exponent 2, and sum',
  },
  ...(['ReduceMax', 'ReduceMin'] as const).map((op) => ({
    op,
    note: 'ties share',
    inputs: [[2, 2, 2, 0, -0, 0, -1, 5, 5, -1, -1, 5]],
    shapes: [[4, 3]],
    rest: axes(1),
    expected: [
      op === 'ReduceMax'
        ? [1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 0, 0.5, 0.5, 0, 0, 1]
        : [1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1, 0, 0, 0.5, 0.5, 0],
    ],
    torch: 'scale_grad_by_count: grad * mask / number of ties (amax, amin)',
  })),
  {
    op: 'Softmax',
    note: 'certain rows',
    inputs: [[1000, 0, -1000, MAX, -MAX, 0]],
    shapes: [[2, 3]],
    dY: [1, 2, 3, 1, 2, 3],
    expected: [[0, 0, 0, 0, 0, 0]],
    torch: '_softmax_backward_data: result * (grad - sum(grad * result))',
  },
  {
    op: 'LogSoftmax',
    note: 'certain rows',
    inputs: [[1000, 0, -1000, MAX, -MAX, 0]],
    shapes: [[2, 3]],
    dY: [1, 2, 3, 1, 2, 3],
    expected: [[-5, 2, 3, -5, 2, 3]],
    torch: '_log_softmax_backward_data: grad - exp(result) * sum(grad)',
  },
  {
    op: 'MaxPool',
    note: 'ties go to the first, also below zero',
    inputs: [[0, 0, 0, 0, -5, -5, -5, -5, -1, -MAX, -1, -MAX]],
    shapes: [[1, 3, 2, 2]],
    attributes: { kernel_shape: [2, 2] },
    expected: [[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]],
    torch: 'max_pool2d: the index of the first maximum (val > maxval)',
  },
  {
    op: 'MaxPool',
    note: 'padding never wins',
    inputs: [[-1e38, -HUGE, -2e38, -3e38]],
    shapes: [[1, 1, 2, 2]],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] },
    expected: [[1, 1, 1, 1]],
    torch: 'max_pool2d: windows are cut at the edges',
  },
  {
    op: 'GlobalMaxPool',
    note: 'ties go to the first',
    inputs: [[1, 3, 3, 0, 0, 0]],
    shapes: [[1, 2, 1, 3]],
    expected: [[0, 1, 0, 1, 0, 0]],
    torch: 'adaptive_max_pool2d: the index of the first maximum',
  },
  {
    op: 'BatchNormTraining',
    note: 'a channel that is constant',
    domain: 'agon',
    inputs: [[5, 5, 5, 5], [2], [1]],
    shapes: [[4, 1], [1], [1]],
    outputs: 4,
    dY: [1, 2, 3, 4],
    expected: [[-1.5, -0.5, 0.5, 1.5].map((x) => (2 * x) / Math.sqrt(1e-5)), [0], [10]],
    torch: 'native_batch_norm_backward: invstd = 1 / sqrt(var + eps)',
  },
  {
    op: 'BatchNormalization',
    note: 'a running variance of 0',
    inputs: [[1, 2], [3], [1]],
    shapes: [[2, 1], [1], [1]],
    rest: (g) => [1, 0].map((value) => g.constant({ dtype: 'float32', dims: [1], data: Float32Array.of(value) })),
    expected: [[3 / Math.sqrt(1e-5), 3 / Math.sqrt(1e-5)], [1 / Math.sqrt(1e-5)], [2]],
    torch: 'native_batch_norm_backward in evaluation mode',
  },
];

/** Rules of operators that are linear in each input: no kink, no end of a domain, and as large as what comes in. */
export const LINEAR: readonly string[] = [
  ...['Add', 'Sub', 'Mul', 'Sum', 'Neg', 'Identity', 'Cast', 'Detach', 'Dropout'],
  ...['Conv', 'Gemm', 'MatMul', 'AveragePool', 'GlobalAveragePool', 'ReduceSum', 'ReduceMean'],
  ...['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Concat', 'Split', 'Slice', 'Pad', 'Expand', 'Tile'],
];
