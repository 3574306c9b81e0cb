import type { Node, Value } from '../../../../src/graph/node/node.js';
import { type Float64Tensor, largest } from './tensor.js';

/**
 * Which piece of a piecewise operator each element took, by the node's name. Relu and Clip: a number per element, -1 below
 * the lower bound, 0 inside, 1 above the upper one. MaxPool: the position in X that each maximum was taken from.
 */
export type Sides = ReadonlyMap<string, Int32Array>;

/** An element that was given another side than its own number has. */
export interface Crossing {
  readonly node: string;
  readonly element: number;
  readonly side: number;
  /** How far its number is from that side, as a share of the largest entry of X. */
  readonly distance: number;
}

/** Which sides the piecewise operators of an evaluation take: their own, or those of another run. */
export class Kinks {
  readonly #given: Sides | undefined;
  readonly #crossed = new Map<Value, Crossing[]>();
  /** How many elements took a side. */
  elements = 0;

  /** @param given - The sides to take; by default every operator decides by itself. */
  constructor(given?: Sides) {
    this.#given = given;
  }

  get crossings(): Crossing[] {
    return [...this.#crossed.values()].flat();
  }

  /**
   * The sides that a node takes: the given ones, else its own.
   *
   * @param distance - How far element i is from a side, in the unit of X; infinite where it can't be there at all.
   */
  take(node: Node, x: Float64Tensor, own: Int32Array, distance: (i: number, side: number) => number): Int32Array {
    const sides = this.#given ? this.#sidesGiven(node, own.length) : own;
    const unit = largest(x) || 1;
    const crossings: Crossing[] = [];
    own.forEach((ownSide, element) => {
      const side = sides[element] as number;
      if (side === ownSide) return;
      crossings.push({ node: node.name, element, side, distance: distance(element, side) / unit });
    });
    this.elements += own.length;
    this.#crossed.set(node.output(), crossings);
    return sides;
  }

  /** Sides that a gradient operator found by itself, but those of elements that crossed in the node behind `y`. */
  corrected(y: Value, own: Int32Array): Int32Array {
    const sides = own.slice();
    for (const { element, side } of this.#crossed.get(y) ?? []) sides[element] = side;
    return sides;
  }

  #sidesGiven(node: Node, count: number): Int32Array {
    const sides = this.#given?.get(node.name) ?? node.fail('sides', 'given', 'none');
    if (sides.length !== count) node.fail('sides', `${count}`, `${sides.length}`);
    return sides;
  }
}
