import { mul, neg, reduceSum } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';

/**
 * Cross-entropy with distributions as targets: -sum(t log p) averaged over the batch.
 *
 * @param logits - float32 [N, classes].
 * @param targets - float32 [N, classes], each row a distribution.
 * @returns a float32 scalar.
 */
export function crossEntropy(g: Graph, logits: Value, targets: Value): Value {
  const perImage = reduceSum(g, mul(g, targets, g.op('LogSoftmax', [logits], { axis: -1 })), [1]);
  return neg(g, g.op('ReduceMean', [perImage], { keepdims: 0 }));
}
