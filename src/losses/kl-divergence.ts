import { mul, reduceSum, scale, sub } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';

/**
 * KL(teacher || student) of the softmax distributions at a temperature: summed over classes, averaged over the batch
 * (Deep Mutual Learning, equation 2). No gradient flows to the teacher. Not yet multiplied by temperature^2.
 *
 * @param student - logits, float32 [N, classes].
 * @param teacher - logits, float32 [N, classes].
 * @returns a float32 scalar.
 */
export function klDivergence(g: Graph, student: Value, teacher: Value, temperature = 1): Value {
  const logP = (logits: Value) => g.op('LogSoftmax', [scale(g, logits, 1 / temperature)], { axis: -1 });
  const expected = logP(g.agon('Detach', [teacher])[0]);
  const divergence = mul(g, g.op('Exp', [expected]), sub(g, expected, logP(student)));
  return g.op('ReduceMean', [reduceSum(g, divergence, [1])], { keepdims: 0 });
}
