import { add, scale } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { tensor } from '../onnx/tensor.js';

/**
 * The distributions that cross-entropy aims at: one-hot labels, smoothed as PyTorch's `label_smoothing`
 * (a share `smoothing` of the mass spread evenly over all classes).
 *
 * @param labels - int64 [N], class indices; one out of range gives a row of zeros.
 * @returns float32 [N, classes].
 */
export function targetDistributions(g: Graph, labels: Value, classes: number, smoothing = 0): Value {
  const offOn = g.constant(tensor('float32', [2], [0, 1]));
  const oneHot = g.op('OneHot', [labels, g.constant(tensor('int64', [1], [classes])), offOn], { axis: -1 });
  return smoothing === 0 ? oneHot : add(g, scale(g, oneHot, 1 - smoothing), g.scalar(smoothing / classes));
}
