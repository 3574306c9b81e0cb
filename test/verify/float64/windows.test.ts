import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../scripts/verify/float64/interpreter.js';
import { Graph } from '../../../src/graph/graph.js';
import type { Attributes, Value } from '../../../src/graph/node/node.js';
import { elementCount, type Tensor } from '../../../src/onnx/tensor.js';
import { type Random, stream } from '../../../src/util/random.js';

interface ConvCase {
  readonly name: string;
  readonly x: readonly [number, number, number, number];
  readonly w: readonly [number, number, number, number];
  readonly strides?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
  readonly dilations?: readonly [number, number];
  readonly group?: number;
}

const CONVOLUTIONS: readonly ConvCase[] = [
  { name: '3x3 padded', x: [2, 3, 6, 5], w: [4, 3, 3, 3], pads: [1, 1, 1, 1] },
  { name: '1x1 strided', x: [2, 3, 5, 6], w: [4, 3, 1, 1], strides: [2, 2] },
  { name: 'a tail that no window reaches', x: [1, 2, 8, 9], w: [3, 2, 3, 3], strides: [2, 3] },
  {
    name: 'uneven in every way',
    x: [2, 2, 7, 9],
    w: [3, 2, 2, 3],
    strides: [2, 1],
    pads: [0, 2, 1, 0],
    dilations: [3, 2],
  },
  { name: 'padding wider than the kernel', x: [1, 2, 4, 4], w: [3, 2, 2, 2], pads: [3, 3, 2, 2] },
  { name: 'groups', x: [2, 6, 5, 5], w: [4, 3, 3, 3], pads: [1, 1, 1, 1], group: 2 },
  {
    name: 'depthwise with a multiplier, strided',
    x: [2, 3, 7, 6],
    w: [6, 1, 3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    group: 3,
  },
];

const POOLS: readonly { readonly name: string; readonly attributes: Attributes }[] = [
  { name: '2x2', attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  { name: '3x3 padded', attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  { name: '2x3 unevenly padded', attributes: { kernel_shape: [2, 3], strides: [1, 2], pads: [0, 1, 1, 0] } },
  { name: 'with a cut last window', attributes: { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 } },
];

describe('a convolution', () => {
  it.each(CONVOLUTIONS.map((row) => [row.name, row] as const))('is the sum of its definition: %s', (_, row) => {
    const { y, x, w } = run(row);
    expectClose(y, convolve(x, w, row, y.dims));
  });

  it.each(CONVOLUTIONS.map((row) => [row.name, row] as const))('has gradients that are its adjoints: %s', (_, row) => {
    const { y, e, x, w, dX, dW } = run(row);
    expect(dot(x, dX) / dot(y, e)).toBeCloseTo(1, 12);
    expect(dot(w, dW) / dot(y, e)).toBeCloseTo(1, 12);
  });
});

describe('a pool', () => {
  it.each(POOLS)('has a gradient that is its adjoint: $name', ({ attributes }) => {
    for (const op of ['AveragePool', 'MaxPool']) {
      const g = new Graph('pool');
      const x = g.input('x', 'float32', [2, 3, 7, 6]);
      const y = g.op(op, [x], attributes);
      const e = g.input('e', 'float32', y.shape);
      const inputs = op === 'MaxPool' ? [e, x, y] : [e];
      const dX = g.agon(`${op}Grad`, inputs, { ...attributes, input_size: [7, 6] })[0] as Value;
      const values = evaluated(g, { x, e, y, dX });
      expect(dot(values.x, values.dX) / dot(values.y, values.e)).toBeCloseTo(1, 12);
    }
  });
});

/** Y = Conv(X, W), and the gradients of the sum of Y * E. */
function run({ name, x: shape, w: weights, ...attributes }: ConvCase) {
  const g = new Graph(name);
  const [x, w] = [g.input('x', 'float32', shape), g.input('w', 'float32', weights)];
  const y = g.op('Conv', [x, w], attributes);
  const e = g.input('e', 'float32', y.shape);
  const geometry = { ...attributes, kernel_shape: weights.slice(2) };
  const [dX] = g.agon('ConvInputGrad', [e, w], { ...geometry, input_size: shape.slice(2) });
  const [dW] = g.agon('ConvWeightGrad', [x, e], geometry);
  return evaluated(g, { x, w, e, y, dX: dX as Value, dW: dW as Value });
}

/** The graph's values for random inputs. */
function evaluated<Names extends string>(g: Graph, values: Record<Names, Value>): Record<Names, Tensor> {
  const random = stream(1, g.name);
  const feeds = new Map(g.inputs.map(({ name, shape }) => [name, normal(shape as number[], random)]));
  const names = Object.keys(values) as Names[];
  for (const name of names) g.output(name, values[name]);
  const outputs = evaluate(g, feeds);
  return Object.fromEntries(names.map((name) => [name, outputs.get(name)])) as Record<Names, Tensor>;
}

function normal(dims: readonly number[], random: Random): Tensor {
  return { dtype: 'float64', dims, data: Float64Array.from({ length: elementCount(dims) }, () => random.normal()) };
}

/** Every output pixel as the sum over its window, index by index. */
function convolve(x: Tensor, w: Tensor, row: ConvCase, dims: readonly number[]): number[] {
  const [strides, pads, dilations] = [row.strides ?? [1, 1], row.pads ?? [0, 0, 0, 0], row.dilations ?? [1, 1]];
  const [, channels, kernelHeight, kernelWidth] = row.w;
  const filtersInGroup = row.w[0] / (row.group ?? 1);
  const sums: number[] = [];
  for (const [n, k, i, j] of indicesOf(dims)) {
    let sum = 0;
    for (const [c, a, b] of indicesOf([channels, kernelHeight, kernelWidth])) {
      const channel = Math.floor(k / filtersInGroup) * channels + c;
      const [top, left] = [i * strides[0] - pads[0] + a * dilations[0], j * strides[1] - pads[1] + b * dilations[1]];
      if (top < 0 || left < 0 || top >= row.x[2] || left >= row.x[3]) continue;
      sum += at(x, n, channel, top, left) * at(w, k, c, a, b);
    }
    sums.push(sum);
  }
  return sums;
}

function indicesOf(dims: readonly number[]): [number, number, number, number][] {
  const all = dims.reduce<number[][]>(
    (indices, size) => indices.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
  return all as [number, number, number, number][];
}

function at({ dims, data }: Tensor, ...index: readonly number[]): number {
  return data[index.reduce((position, i, axis) => position * (dims[axis] as number) + i, 0)] as number;
}

function dot(a: Tensor, b: Tensor): number {
  return Array.from(a.data as Float64Array).reduce((sum, value, i) => sum + value * (b.data[i] as number), 0);
}

function expectClose(got: Tensor, expected: readonly number[]): void {
  expect(got.data.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(got.data[i]).toBeCloseTo(value, 12);
  });
}
