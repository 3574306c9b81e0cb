import { indicator } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';

/** The share of images whose largest logit is their label's: a float32 scalar. `logits` [N, classes], `labels` int64 [N]. */
export function accuracy(g: Graph, logits: Value, labels: Value): Value {
  const predicted = g.op('ArgMax', [logits], { axis: 1, keepdims: 0 });
  return g.op('ReduceMean', [indicator(g, g.op('Equal', [predicted, labels]))], { keepdims: 0 });
}
