import { describe, expect, it } from 'vitest';
import { Kinks } from '../../../scripts/verify/float64/base/kinks.js';
import { evaluate } from '../../../scripts/verify/float64/interpreter.js';
import { Graph } from '../../../src/graph/graph.js';
import type { Tensor } from '../../../src/onnx/tensor.js';

const TINY = 2 ** -40;
const floats = (dims: readonly number[], ...data: number[]): Tensor => ({
  dtype: 'float64',
  dims,
  data: Float64Array.from(data),
});

/** Y and dX of a piecewise operator whose node is called `kinked`, for X and dY. */
function evaluateKinked(op: 'Relu' | 'Clip' | 'MaxPool', x: Tensor, dY: Tensor, sides?: readonly number[]) {
  const g = new Graph(op);
  const values = { x: g.input('x', 'float32', x.dims), dY: g.input('dY', 'float32', dY.dims) };
  const pool = { kernel_shape: [2, 2], strides: [2, 2] };
  const name = { name: 'kinked' };
  const build = {
    Relu: () => {
      const y = g.op('Relu', [values.x], {}, name);
      return [y, ...g.agon('ReluGrad', [values.dY, y])];
    },
    Clip: () => {
      const y = g.op('Clip', [values.x, g.scalar(0), g.scalar(6)], {}, name);
      return [y, ...g.agon('ClipGrad', [values.dY, y], { min: { float: 0 }, max: { float: 6 } })];
    },
    MaxPool: () => {
      const y = g.op('MaxPool', [values.x], pool, name);
      return [y, ...g.agon('MaxPoolGrad', [values.dY, values.x, y], pool)];
    },
  };
  for (const [i, value] of build[op]().entries()) g.output(['y', 'dX'][i] as string, value);
  const kinks = new Kinks(sides && new Map([['kinked', Int32Array.from(sides)]]));
  const outputs = evaluate(
    g,
    new Map([
      ['x', x],
      ['dY', dY],
    ]),
    kinks,
  );
  return { y: [...(outputs.get('y')?.data ?? [])], dX: [...(outputs.get('dX')?.data ?? [])], kinks };
}

const dY = floats([4], 1, 2, 3, 4);

describe('an element that is given the other side of its kink', () => {
  it('of Relu keeps its value and its gradient inside, and neither below', () => {
    const { y, dX, kinks } = evaluateKinked('Relu', floats([4], -TINY, TINY, -2, 8), dY, [0, -1, -1, 0]);
    expect([y, dX]).toEqual([
      [-TINY, 0, 0, 8],
      [1, 0, 0, 4],
    ]);
    expect(kinks.crossings.map(({ element, side, distance }) => [element, side, distance])).toEqual([
      [0, 0, TINY / 8],
      [1, -1, TINY / 8],
    ]);
  });

  it('of Clip is at a bound without a gradient, or inside with one', () => {
    const { y, dX, kinks } = evaluateKinked('Clip', floats([4], 5, 7, 1, 3), dY, [1, 0, -1, 0]);
    expect([y, dX]).toEqual([
      [6, 7, 0, 3],
      [0, 2, 0, 4],
    ]);
    expect(kinks.crossings.map(({ distance }) => distance)).toEqual([1 / 7, 1 / 7, 1 / 7]);
  });

  it('of MaxPool is another of its window', () => {
    const x = floats([1, 1, 2, 4], 4, 3, 1, 2, 0, 1, 0, 0);
    const { y, dX, kinks } = evaluateKinked('MaxPool', x, floats([1, 1, 1, 2], 10, 20), [1, 3]);
    expect([y, dX]).toEqual([
      [3, 2],
      [0, 10, 0, 20, 0, 0, 0, 0],
    ]);
    expect(kinks.crossings.map(({ element, distance }) => [element, distance])).toEqual([[0, 1 / 4]]);
  });

  it('of MaxPool is infinitely far from another window', () => {
    const x = floats([1, 1, 2, 4], 4, 3, 1, 2, 0, 1, 0, 0);
    const { kinks } = evaluateKinked('MaxPool', x, floats([1, 1, 1, 2], 10, 20), [2, 3]);
    expect(kinks.crossings.map(({ distance }) => distance)).toEqual([Number.POSITIVE_INFINITY]);
  });
});

describe('an element that takes its own side', () => {
  it('isn’t counted as one that crossed', () => {
    const x = floats([4], -1, TINY, 0, 8);
    const free = evaluateKinked('Relu', x, dY);
    const given = evaluateKinked('Relu', x, dY, [-1, 0, -1, 0]);
    expect([given.y, given.dX]).toEqual([free.y, free.dX]);
    expect([free.kinks, given.kinks].map(({ crossings, elements }) => [crossings, elements])).toEqual([
      [[], 4],
      [[], 4],
    ]);
  });
});

describe('sides are refused', () => {
  it('for another number of elements', () => {
    expect(() => evaluateKinked('Relu', floats([4], 1, 2, 3, 4), dY, [0, 0])).toThrow(
      /Relu "kinked": sides: expected 4, got 2/,
    );
  });
});
