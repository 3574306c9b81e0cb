import { reshape, transpose } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { sizesOf, spatialSizes } from '../graph/node/sizes.js';

/** W [K, C/G, k...] -> [C, K/G, reversed k...]. */
export function swapAndReverse(g: Graph, w: Value, group: number): Value {
  const [outputs, inputs] = sizesOf(w, 2);
  const kernel = spatialSizes(w);
  const swapped = () => {
    if (group === 1) return transpose(g, w, [1, 0, ...kernel.map((_, i) => i + 2)]);
    if (inputs === 1 && outputs === group) return w;
    const split = reshape(g, w, [group, outputs / group, inputs, ...kernel]);
    const moved = transpose(g, split, [0, 2, 1, ...kernel.map((_, i) => i + 3)]);
    return reshape(g, moved, [group * inputs, outputs / group, ...kernel]);
  };
  const axes = kernel.flatMap((size, i) => (size > 1 ? [i + 2] : []));
  if (axes.length === 0) return swapped();
  const each = (value: number) => g.integers(axes.map(() => value));
  return g.op('Slice', [swapped(), each(-1), each(-(2 ** 31)), g.integers(axes), each(-1)]);
}
