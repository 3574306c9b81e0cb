import type { Graph } from '../graph/graph.js';
import type { Initialiser } from '../graph/initialiser.js';
import { sameShape } from '../graph/node/dim.js';
import type { Value } from '../graph/node/node.js';
import { featureMse } from '../losses/feature-mse.js';
import { adaptiveAveragePool, type MapSize } from './adaptive-pool.js';
import { projectionName } from './names.js';
import type { StepSettings } from './step-schema.js';

/** Kaiming's for a linear map: the projected features are about as large as the student's. */
const PROJECTION: Initialiser = { kind: 'kaiming-normal', mode: 'fan-in' };

/**
 * How far student i's features are from those of teacher j. Features of unlike shapes are first pooled to the smaller
 * map, and the student's then go through a learned 1x1 convolution: a parameter `net<i>.projection<j>.weight` of the step.
 *
 * @param features - of each network, float32 [batch, C, H, W]. No gradient flows to the teacher's.
 * @throws AgonError when the shapes differ and `featureProjection` is off.
 */
export function featureLoss(
  g: Graph,
  features: readonly Value[],
  [i, j]: readonly [student: number, teacher: number],
  { featureReduction, featureProjection }: StepSettings,
): Value {
  const [student, teacher] = [features[i] as Value, features[j] as Value];
  if (!featureProjection || sameShape(student.shape, teacher.shape)) {
    return featureMse(g, student, teacher, featureReduction);
  }
  const size = [2, 3].map((axis) => Math.min(sizeOf(student, axis), sizeOf(teacher, axis))) as unknown as MapSize;
  const shape = [sizeOf(teacher, 1), sizeOf(student, 1), 1, 1];
  const weight = g.parameter(projectionName(i, j), shape, PROJECTION);
  const projected = g.op('Conv', [adaptiveAveragePool(g, student, size), weight], { kernel_shape: [1, 1] });
  return featureMse(g, projected, adaptiveAveragePool(g, teacher, size), featureReduction);
}

const sizeOf = ({ shape }: Value, axis: number) => Number(shape[axis]);
