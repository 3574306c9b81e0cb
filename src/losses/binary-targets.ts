import { add, scale } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';

/**
 * What binary cross-entropy aims at: t (1 - smoothing) + smoothing / 2, as each class is a choice between two (Keras's
 * `BinaryCrossentropy(label_smoothing)`).
 *
 * @param labels - float32 [N, classes], each 0 or 1.
 */
export function binaryTargets(g: Graph, labels: Value, smoothing = 0): Value {
  return smoothing === 0 ? labels : add(g, scale(g, labels, 1 - smoothing), g.scalar(smoothing / 2));
}
