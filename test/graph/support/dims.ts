import type { Dim, Shape } from '../../../src/graph/node/dim.js';

/** The number that a size stands for, given those of its symbols. */
export function settle(dim: Dim, symbols: Readonly<Record<string, number>>): number {
  if (typeof dim === 'number') return dim;
  return dim.split('*').reduce((product, part) => product * (symbols[part] ?? Number(part)), 1);
}

export function settleShape(shape: Shape, symbols: Readonly<Record<string, number>>): number[] {
  return shape.map((dim) => settle(dim, symbols));
}
