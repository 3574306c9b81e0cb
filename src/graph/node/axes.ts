import type { Shape } from './dim.js';
import type { Node } from './node.js';

/** A non-negative axis; an error that names the node when it is out of range. */
export function normaliseAxis(node: Node, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank)
    node.fail('axis', `-${rank} to ${rank - 1}`, String(axis));
  return normal;
}

/** The axes that a broadcast to `target` added or stretched, for summing a gradient back to `source`'s shape. */
export function broadcastAxes(source: Shape, target: Shape): number[] {
  const added = target.length - source.length;
  return target.map((_, i) => i).filter((i) => i < added || (source[i - added] === 1 && target[i] !== 1));
}

/** 0 .. n-1. */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** The permutation that undoes `order`. */
export function inversePermutation(order: readonly number[]): number[] {
  const inverse = new Array<number>(order.length);
  order.forEach((from, to) => {
    inverse[from] = to;
  });
  return inverse;
}
