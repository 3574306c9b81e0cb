import { at } from '../../util/checked.js';
import { fail } from '../../util/error.js';

/**
 * Sizes of a tensor's axes: a number, or a symbol that is settled later (the batch, usually `N`).
 * A product with a symbol is written `48*N`, so that a symbolic batch survives a Reshape.
 */
export type Dim = number | string;
/** The sizes of all axes; none for a scalar. */
export type Shape = readonly Dim[];

/** Integers that are followed through a graph, for shapes and axes: at most so many to a tensor. */
export const MOST_KNOWN = 1024;

interface Monomial {
  readonly factor: number;
  readonly symbols: readonly string[];
}

/** Of a product: beyond it, each node of a hostile file could double its text. */
const MOST_SYMBOLS = 16;

/** The product of all sizes; one that no size can be is an error. */
export function product(dims: Shape): Dim {
  const expected = `a number below 2^53, or one times at most ${MOST_SYMBOLS} symbols`;
  return exactProduct(dims) ?? fail('sizes', 'their product', { expected, got: `that of ${formatShape(dims)}` });
}

/** The product of all sizes, or undefined when it can't be written. */
export function exactProduct(dims: Shape): Dim | undefined {
  let result: Monomial = { factor: 1, symbols: [] };
  for (const dim of dims) {
    result = multiply(result, parse(dim));
    if (!Number.isSafeInteger(result.factor) || result.symbols.length > MOST_SYMBOLS) return undefined;
  }
  return format(result);
}

/** The quotient of two sizes, or undefined when it isn't a size (24 / 5, N / 2, N / M). */
export function quotient(numerator: Dim, denominator: Dim): Dim | undefined {
  const above = parse(numerator);
  const below = parse(denominator);
  if (below.factor === 0) return undefined;
  const symbols = [...above.symbols];
  for (const symbol of below.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  const factor = above.factor / below.factor;
  return Number.isInteger(factor) ? format({ factor, symbols }) : undefined;
}

/** The size that both broadcast to (ONNX multidirectional broadcasting), or undefined when they don't fit. */
export function broadcastDim(a: Dim, b: Dim): Dim | undefined {
  if (a === b || b === 1) return a;
  return a === 1 ? b : undefined;
}

/** The shape that all broadcast to, or undefined when they don't fit. */
export function broadcastShapes(shapes: readonly Shape[]): Shape | undefined {
  const rank = shapes.reduce((most, { length }) => Math.max(most, length), 0);
  const result: Dim[] = new Array(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const axis = rank - shape.length + i;
      const dim = broadcastDim(at(result, axis), at(shape, i));
      if (dim === undefined) return undefined;
      result[axis] = dim;
    }
  }
  return result;
}

/** Whether two shapes are the same, symbol for symbol. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** `[N, 3, 32, 32]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The size as a number, or undefined when it is symbolic. */
export function asNumber(dim: Dim | undefined): number | undefined {
  return typeof dim === 'number' ? dim : undefined;
}

/** All sizes as numbers, or undefined when one is symbolic. */
export function asNumbers(shape: Shape): number[] | undefined {
  return shape.every((dim) => typeof dim === 'number') ? shape.slice() : undefined;
}

function parse(dim: Dim): Monomial {
  if (typeof dim === 'number') return { factor: dim, symbols: [] };
  const [first = '', ...rest] = dim.split('*');
  return /^\d+$/.test(first) ? { factor: Number(first), symbols: rest } : { factor: 1, symbols: [first, ...rest] };
}

function multiply(a: Monomial, b: Monomial): Monomial {
  return { factor: a.factor * b.factor, symbols: [...a.symbols, ...b.symbols].sort((x, y) => (x < y ? -1 : 1)) };
}

function format({ factor, symbols }: Monomial): Dim {
  if (factor === 0 || symbols.length === 0) return factor;
  return factor === 1 ? symbols.join('*') : [factor, ...symbols].join('*');
}
