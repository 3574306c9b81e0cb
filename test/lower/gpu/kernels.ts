import type { Graph } from '../../../src/graph/graph.js';
import type { Node, Value } from '../../../src/graph/node/node.js';

/** Buffers that a kernel may bind on every device: its inputs and outputs. */
const BUFFERS = 8;

/**
 * How many kernels a node of a lowered graph starts on WebGPU (ONNX Runtime 1.30, layout NCHW), by operator. `test/devices/kernels.test.ts`
 * holds it against what a profile counts, where there is a driver. An operator that isn't here has no kernel, or nobody has looked yet.
 */
const KERNELS: Readonly<Record<string, (node: Node) => number>> = {
  ...each(0, 'Flatten', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze'),
  ...each(
    1,
    'Abs',
    'Add',
    'AveragePool',
    'BatchNormalization',
    'Cast',
    'Clip',
    'Div',
    'Equal',
    'Exp',
    'Expand',
    'Gather',
  ),
  ...each(
    1,
    'Gemm',
    'GlobalAveragePool',
    'Greater',
    'GreaterOrEqual',
    'HardSigmoid',
    'HardSwish',
    'Less',
    'Log',
    'MatMul',
  ),
  ...each(1, 'Max', 'MaxPool', 'Min', 'Mul', 'Neg', 'Pad', 'Pow', 'Reciprocal', 'Relu', 'Sigmoid', 'Slice', 'Softmax'),
  ...each(1, 'Split', 'Sqrt', 'Sub', 'Tanh', 'Transpose', 'Where'),
  // All axes but the last ones are moved there first
  ...byAxes('ReduceMax', 'ReduceMean', 'ReduceSum', 'ReduceSumSquare'),
  Concat: ({ inputs }) => Math.ceil(inputs.length / (BUFFERS - 1)),
  // The weights are transposed first, unless it is a product of matrices or one for groups
  Conv: (node) => (node.number('group', 1) > 1 || isProduct(node) ? 1 : 2),
  ConvTranspose: () => 2,
};

/** Those that `portable` has and WebGPU hasn't: on the CPU they start none. */
export const ON_CPU = { ...each(0, 'LogSoftmax', 'OneHot', 'Softplus'), ...each(1, 'ArgMax') };

/** The most kernels that a run of a lowered graph starts; an operator without any is an error. What depends on constants alone is computed before. */
export function countKernels(graph: Graph, others: typeof KERNELS = {}): number {
  const folded = new Set<Value>(graph.constants.keys());
  let count = 0;
  for (const node of graph.nodes) {
    if (node.inputs.every((input) => !input || folded.has(input))) {
      for (const output of node.outputs) folded.add(output);
      continue;
    }
    const kernels = others[node.op] ?? KERNELS[node.op];
    if (!kernels || node.domain !== '') throw new Error(`${node.describe()}: no kernel is known`);
    count += kernels(node);
  }
  return count;
}

function each(count: number, ...operators: readonly string[]): Record<string, () => number> {
  return Object.fromEntries(operators.map((operator) => [operator, () => count]));
}

function byAxes(...operators: readonly string[]): Record<string, (node: Node) => number> {
  return Object.fromEntries(operators.map((operator) => [operator, (node) => (movesAxes(node) ? 2 : 1)]));
}

/** Whether the axes that are left have others before them; without axes it is over all. */
function movesAxes(node: Node): boolean {
  const { shape } = node.input(0);
  const { shape: left } = node.output();
  const kept = left.length === shape.length ? left.filter((size, axis) => size === shape[axis]).length : left.length;
  return !shape.slice(0, kept).every((size, axis) => left[axis] === size);
}

function isProduct(node: Node): boolean {
  const plain = (name: string, value: number) => !node.has(name) || node.numbers(name).every((each) => each === value);
  return plain('kernel_shape', 1) && plain('strides', 1) && plain('pads', 0);
}
