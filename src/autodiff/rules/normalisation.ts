import { add, div, mul, reduceSum, reshapeTo, sub } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import { normaliseAxis, range } from '../../graph/node/axes.js';
import type { Value } from '../../graph/node/node.js';
import type { Rule } from '../rule/rule.js';

// Y = scale x + bias, x = (X - mean) r over the last axes: dBias = dY, dScale = dY x, summed to their shapes
export const LayerNormalization: Rule = ({ g, node, dY, needs }) => {
  const { shape } = node.input(0);
  const axes = range(shape.length).slice(normaliseAxis(node, node.number('axis', -1), shape.length));
  const normal = normalised(g, node.input(0), axes, node.number('epsilon', 1e-5));
  const dX = () => throughNormal(g, mul(g, dY, node.input(1)), normal, axes);
  return [needs(0) ? dX() : null, needs(1) ? mul(g, dY, normal.x) : null, dY];
};

// Y = scale x + bias, x = (X - mean) r over one channel of one image: dBias = sum dY, dScale = sum dY x
export const InstanceNormalization: Rule = ({ g, node, dY, needs }) => {
  const axes = range(dY.shape.length);
  const spatial = axes.slice(2);
  const normal = normalised(g, node.input(0), spatial, node.number('epsilon', 1e-5));
  const scale = reshapeTo(g, node.input(1), [node.size(1, 0), ...spatial.map(() => 1)]);
  const others = axes.filter((axis) => axis !== 1);
  const dX = () => throughNormal(g, mul(g, dY, scale), normal, spatial);
  const dScale = () => reduceSum(g, mul(g, dY, normal.x), others);
  return [needs(0) ? dX() : null, needs(1) ? dScale() : null, needs(2) ? reduceSum(g, dY, others) : null];
};

interface Normal {
  /** (X - mean) r, of X's shape. */
  readonly x: Value;
  /** r = 1 / sqrt(variance + epsilon), with size 1 on the normalised axes. */
  readonly inverse: Value;
}

/** X normalised over some axes: the variance is that of centred values, which keeps its digits. */
function normalised(g: Graph, x: Value, axes: readonly number[], epsilon: number): Normal {
  const centred = sub(g, x, mean(g, x, axes));
  const variance = mean(g, mul(g, centred, centred), axes);
  const inverse = div(g, g.scalar(1), g.op('Sqrt', [add(g, variance, g.scalar(epsilon))]));
  return { x: mul(g, centred, inverse), inverse };
}

// dX = r (dx - mean dx - x mean(dx x))
function throughNormal(g: Graph, dx: Value, { x, inverse }: Normal, axes: readonly number[]): Value {
  const along = mul(g, x, mean(g, mul(g, dx, x), axes));
  return mul(g, inverse, sub(g, sub(g, dx, mean(g, dx, axes)), along));
}

function mean(g: Graph, x: Value, axes: readonly number[]): Value {
  return g.op('ReduceMean', [x, g.integers(axes)]);
}
