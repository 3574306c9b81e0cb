import { mul, reduceSum, sub } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import { formatShape, sameShape } from '../graph/node/dim.js';
import type { Value } from '../graph/node/node.js';
import { fail } from '../util/error.js';

export const FEATURE_REDUCTIONS = ['mean', 'sum'] as const;
/** How squared differences are reduced: their mean, or their sum over channels and positions, and mean over images. */
export type FeatureReduction = (typeof FEATURE_REDUCTIONS)[number];

/**
 * The squared difference of two feature maps of one shape, axis 0 of which is the batch. No gradient flows to the teacher.
 *
 * @returns a float32 scalar.
 * @throws AgonError when the shapes differ.
 */
export function featureMse(g: Graph, student: Value, teacher: Value, reduction: FeatureReduction = 'mean'): Value {
  if (!sameShape(student.shape, teacher.shape)) {
    fail('feature loss', 'the feature maps differ in shape', {
      expected: formatShape(student.shape),
      got: formatShape(teacher.shape),
      hint: 'Compare them through a learned projection (--feature-projection), or leave features out (--beta 0)',
    });
  }
  const difference = sub(g, student, g.agon('Detach', [teacher])[0]);
  const squares = mul(g, difference, difference);
  const axes = squares.shape.map((_, axis) => axis).slice(1);
  return g.op('ReduceMean', [reduction === 'sum' ? reduceSum(g, squares, axes) : squares], { keepdims: 0 });
}
