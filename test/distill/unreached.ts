import type { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';

/** What the unreached weights are. */
export const UNREACHED_VALUE = 0.5;
/** Weights that nothing reads, that only the features read, and that are read where no gradient comes from. */
export const UNREACHED = ['unused', 'features_only', 'compared'] as const;

/** Adds weights that don't reach the logits to a forward graph, as one from elsewhere may have them. */
export function withUnreachedWeights(g: Graph): Graph {
  const add = (name: string) => g.parameter(name, [], { kind: 'constant', value: UNREACHED_VALUE });
  const [, featuresOnly, compared] = UNREACHED.map(add) as [Value, Value, Value];
  const [logits, features] = ['logits', 'features'].map((name) => g.outputs.get(name)) as [Value, Value];
  g.outputs.set('features', g.op('Mul', [features, featuresOnly]));
  const above = g.op('Cast', [g.op('Greater', [logits, compared])], { to: 1 });
  g.outputs.set('logits', g.op('Add', [logits, g.op('Mul', [above, g.scalar(0.1)])]));
  return g;
}
