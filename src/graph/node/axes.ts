import { type Dim, formatShape, type Shape } from './dim.js';
import type { Node, Value } from './node.js';

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

/** Rows and columns of a value's last two axes, changed round where the node's attribute says so. */
export function matrixSizes(node: Node, { shape }: Value, transposed: 'transA' | 'transB'): [Dim, Dim] {
  const [rows, columns] = [shape.at(-2), shape.at(-1)];
  if (rows === undefined || columns === undefined) return node.fail('inputs', 'two axes at least', formatShape(shape));
  return node.number(transposed, 0) === 0 ? [rows, columns] : [columns, rows];
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
