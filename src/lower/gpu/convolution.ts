import { reshape, transpose } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';
import { sizeOf } from '../../graph/node/sizes.js';
import { take } from '../../util/checked.js';
import { type Geometry, geometryOf } from '../geometry.js';
import { bodies } from '../portable/portable.js';
import type { Body } from '../target.js';

/** dW. Of a kernel with one tap one product of matrices; else the portable form. */
export const ConvWeightGrad: Body = (g, node, inputs) => {
  const geometry = geometryOf(node);
  if (!isProduct(geometry)) return bodies.ConvWeightGrad(g, node, inputs);
  const [x, dY] = take(inputs, 2);
  const [channels, outputs] = [sizeOf(x, 1), sizeOf(dY, 1)];
  const rows = reshape(g, transpose(g, everyNth(g, x, geometry, dY), [0, 2, 3, 1]), [-1, channels]);
  const columns = reshape(g, transpose(g, dY, [1, 0, 2, 3]), [outputs, -1]);
  return [reshape(g, g.op('MatMul', [columns, rows]), [outputs, channels, 1, 1])];
};

function isProduct({ kernel, begin, end, group }: Geometry): boolean {
  return (
    kernel.length === 2 &&
    group === 1 &&
    kernel.every((size) => size === 1) &&
    [...begin, ...end].every((pad) => pad === 0)
  );
}

/** The positions that a kernel with one tap is laid on. */
function everyNth(g: Graph, x: Value, { strides }: Geometry, dY: Value): Value {
  if (strides.every((stride) => stride === 1)) return x;
  const ends = strides.map((stride, i) => (sizeOf(dY, i + 2) - 1) * stride + 1);
  return g.op('Slice', [x, g.integers([0, 0]), g.integers(ends), g.integers([2, 3]), g.integers(strides)]);
}
