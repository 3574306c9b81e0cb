import { mul, sub } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';

/**
 * Binary cross-entropy of each class, -t log s(z) - (1 - t) log(1 - s(z)) with s the sigmoid, averaged over classes and batch (PyTorch's
 * `BCEWithLogitsLoss`); as softplus(z) - t z, which no logit makes infinite.
 *
 * @param logits - float32 [N, classes].
 * @param targets - float32 [N, classes], in [0, 1].
 * @returns a float32 scalar.
 */
export function binaryCrossEntropy(g: Graph, logits: Value, targets: Value): Value {
  const each = sub(g, g.op('Softplus', [logits]), mul(g, targets, logits));
  return g.op('ReduceMean', [each], { keepdims: 0 });
}
