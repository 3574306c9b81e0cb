import { indicator, mul, reduceSum, sub } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';

/**
 * The share of images of which all classes are right, those with a probability above 0.5 being taken for there (subset accuracy, as
 * scikit-learn's `accuracy_score` has it): a float32 scalar. `logits` and `labels` float32 [N, classes], labels above 0.5 count as 1.
 */
export function subsetAccuracy(g: Graph, logits: Value, labels: Value): Value {
  const above = (x: Value, bound: number) => indicator(g, g.op('Greater', [x, g.scalar(bound)]));
  const difference = sub(g, above(logits, 0), above(labels, 0.5));
  const wrong = reduceSum(g, mul(g, difference, difference), [1]);
  return g.op('ReduceMean', [indicator(g, g.op('Less', [wrong, g.scalar(0.5)]))], { keepdims: 0 });
}
