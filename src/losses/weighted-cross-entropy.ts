import { div, mul, neg, reduceSum } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { tensor } from '../onnx/tensor.js';

/** What a weighted cross-entropy aims at. */
export interface WeightedTargets {
  /** float32 [N, classes], each row a distribution, smoothed or not. */
  readonly targets: Value;
  /** The same before smoothing. */
  readonly labels: Value;
}

/**
 * Cross-entropy with a weight w for each class, as `torch.nn.CrossEntropyLoss(weight=w)` has it, with label smoothing as well:
 * -sum(w t log p) / sum(w l), both sums over batch and classes, where t are the targets and l the same without smoothing. Where
 * labels are mixed with a permutation of the batch's, this is mixup's lambda * loss(own) + (1 - lambda) * loss(partners).
 *
 * @param logits - float32 [N, classes].
 * @returns a float32 scalar.
 */
export function weightedCrossEntropy(
  g: Graph,
  logits: Value,
  { targets, labels }: WeightedTargets,
  weights: readonly number[],
): Value {
  const perClass = g.constant(tensor('float32', [1, weights.length], weights));
  const total = (value: Value) => reduceSum(g, mul(g, value, perClass), [0, 1]);
  const logP = g.op('LogSoftmax', [logits], { axis: -1 });
  return neg(g, div(g, total(mul(g, targets, logP)), total(labels)));
}
