import { mul, sub } from '../graph/arithmetic.js';
import { formatShape, sameShape } from '../graph/dim.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node.js';
import { fail } from '../util/error.js';

/** How squared differences are reduced: their mean, or their sum over channels and positions, and mean over images. */
export const FEATURE_REDUCTIONS = ['mean', 'sum'] as const;
export type FeatureReduction = (typeof FEATURE_REDUCTIONS)[number];

/**
 * The mean squared difference of two feature maps of one shape. No gradient flows to the teacher.
 *
 * @returns a float32 scalar.
 * @throws AgonError when the shapes differ.
 */
export function featureMse(g: Graph, student: Value, teacher: Value): Value {
  if (!sameShape(student.shape, teacher.shape)) {
    fail('feature loss', 'the feature maps differ in shape', {
      expected: formatShape(student.shape),
      got: formatShape(teacher.shape),
      hint: 'Set beta to 0, or let networks of one architecture compete',
    });
  }
  const difference = sub(g, student, g.agon('Detach', [teacher])[0] as Value);
  return g.op('ReduceMean', [mul(g, difference, difference)], { keepdims: 0 });
}
