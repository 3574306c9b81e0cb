import { add, mul, neg, scale, sub } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';

/**
 * KL(teacher || student) of each class's sigmoid at a temperature, q log(q / p) + (1 - q) log((1 - q) / (1 - p)) with the teacher's q and
 * the student's p, averaged over classes and batch, as binary cross-entropy is. No gradient flows to the teacher. Not yet multiplied by
 * temperature^2. Logarithms are softplus: log s(z) = -softplus(-z), log(1 - s(z)) = -softplus(z).
 *
 * @param student - logits, float32 [N, classes].
 * @param teacher - logits, float32 [N, classes].
 * @returns a float32 scalar.
 */
export function bernoulliKl(g: Graph, student: Value, teacher: Value, temperature = 1): Value {
  const z = scale(g, student, 1 / temperature);
  const [detached] = g.agon('Detach', [teacher]);
  const t = scale(g, detached, 1 / temperature);
  const softplus = (x: Value) => g.op('Softplus', [x]);
  const has = mul(g, g.op('Sigmoid', [t]), sub(g, softplus(neg(g, z)), softplus(neg(g, t))));
  const hasNot = mul(g, g.op('Sigmoid', [neg(g, t)]), sub(g, softplus(z), softplus(t)));
  return g.op('ReduceMean', [add(g, has, hasNot)], { keepdims: 0 });
}
