import type { Graph } from '../../src/graph/graph.js';
import type { Attributes, Value } from '../../src/graph/node/node.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';

export const floats = (dims: readonly number[], data: readonly number[]) => tensor('float32', dims, data);

export interface Edge {
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

export const FOREIGN_EDGES: readonly Edge[] = [
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

/** What is linear in its inputs, and so has no edges. */
export const FOREIGN_LINEAR: readonly string[] = ['Gather', 'ConvTranspose', 'DepthToSpace', 'SpaceToDepth', 'Mean'];
