import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import { adaptiveAveragePool, type MapSize } from '../../src/distill/adaptive-pool.js';
import { mul, reduceSum } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { stream } from '../../src/util/random.js';
import { runGraph } from '../support/run.js';
import { adaptivePoolLoop, flatMaps, mapsOf } from './maps.js';

function normal(purpose: string, dims: readonly number[]): Tensor {
  const random = stream(31, purpose, ...dims);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: elementCount(dims) }, () => random.normal()),
  );
}

const CASES: readonly (readonly [from: MapSize, to: MapSize])[] = [
  [
    [8, 8],
    [4, 4],
  ],
  [
    [7, 7],
    [4, 4],
  ],
  [
    [7, 5],
    [3, 2],
  ],
  [
    [5, 9],
    [5, 4],
  ],
  [
    [6, 4],
    [1, 1],
  ],
  [
    [4, 4],
    [4, 4],
  ],
];

describe('adaptiveAveragePool', () => {
  it.each(CASES)('from %s to %s is that of PyTorch, and its gradient the transposed map', async (from, to) => {
    const [x, dY] = [normal('x', [3, 2, ...from]), normal('dY', [3, 2, ...to])];
    const g = new Graph('pool');
    const [images, slope] = [g.input('x', 'float32', ['N', 2, ...from]), g.input('dY', 'float32', ['N', 2, ...to])];
    const y = adaptiveAveragePool(g, images, to);
    expect(y.shape).toEqual(['N', 2, ...to]);
    g.output('y', mul(g, y, g.scalar(1)));
    const [dX] = gradients(g, reduceSum(g, mul(g, y, slope), [0, 1, 2, 3]), [images]);
    g.output('dX', dX as Value);
    const results = await runGraph(g, { x, dY });
    const expected = flatMaps(adaptivePoolLoop(mapsOf(x), ...to));
    expect(results.y?.dims).toEqual([3, 2, ...to]);
    toNumbers(results.y as Tensor).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 6);
    });
    // <dY, pool(e)> = <dX, e> for any e, as pooling is linear
    const e = normal('e', [3, 2, ...from]);
    const pooled = flatMaps(adaptivePoolLoop(mapsOf(e), ...to));
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);
    expect(dot(toNumbers(results.dX as Tensor), toNumbers(e))).toBeCloseTo(dot(toNumbers(dY), pooled), 4);
  });
});
