import type { Node } from '../../../../src/graph/node/node.js';
import { type Bounds, boundsOf, RELU, sidesOf } from '../base/bounds.js';
import type { Kinks } from '../base/kinks.js';
import type { Operator } from '../base/operator.js';
import { type Float64Tensor, map } from '../base/tensor.js';

export const Relu: Operator = (node, [x], kinks) => [clamped(node, x as Float64Tensor, RELU, kinks)];

/** (X, min, max) -> Y. */
export const Clip: Operator = (node, [x, min, max], kinks) => {
  return [clamped(node, x as Float64Tensor, boundsOf(min?.data[0], max?.data[0]), kinks)];
};

/** (dY, Y) -> dX. */
export const ReluGrad: Operator = (node, inputs, kinks) => [passedInside(node, inputs, RELU, kinks)];

/** (dY, Y; min, max) -> dX. */
export const ClipGrad: Operator = (node, inputs, kinks) => {
  const [min, max] = ['min', 'max'].map((bound) => (node.has(bound) ? node.number(bound) : undefined));
  return [passedInside(node, inputs, boundsOf(min, max), kinks)];
};

function clamped(node: Node, x: Float64Tensor, bounds: Bounds, kinks: Kinks): Float64Tensor {
  const sides = kinks.take(node, x, sidesOf(x, bounds), (i, side) => distance(x.data[i] as number, side, bounds));
  const atSide = (value: number, side: number) => (side === 0 ? value : side < 0 ? bounds.min : bounds.max);
  return map(x, (value, i) => atSide(value, sides[i] as number));
}

function distance(value: number, side: number, { min, max }: Bounds): number {
  if (side === 0) return Math.max(min - value, value - max);
  return Math.max(0, side < 0 ? value - min : max - value);
}

function passedInside(
  node: Node,
  [dY, y]: readonly (Float64Tensor | undefined)[],
  bounds: Bounds,
  kinks: Kinks,
): Float64Tensor {
  const sides = kinks.corrected(node.input(1), sidesOf(y as Float64Tensor, bounds));
  return map(dY as Float64Tensor, (value, i) => (sides[i] === 0 ? value : 0));
}
