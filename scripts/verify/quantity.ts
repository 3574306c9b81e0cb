import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';

/** One compared quantity: its largest deviation, where it is, and what was allowed there. */
export interface Quantity {
  readonly name: string;
  readonly deviation: number;
  readonly tolerance: number;
  /** The tensor or step where the deviation uses up most of its tolerance. */
  readonly worst: string;
  readonly compared: number;
}

export const holds = ({ deviation, tolerance }: Quantity) => deviation <= tolerance;

/** Collects comparisons of one quantity and keeps the one nearest to, or farthest past, its tolerance. */
export class Comparison {
  #worst = { deviation: 0, tolerance: Number.POSITIVE_INFINITY, where: '-' };
  #compared = 0;

  constructor(
    readonly name: string,
    /** The tolerance for a list of expected numbers. */
    readonly toleranceFor: (expected: readonly number[]) => number,
  ) {}

  numbers(where: string, expected: readonly number[], got: readonly number[]): void {
    const tolerance = this.toleranceFor(expected);
    const deviation = largestDifference(expected, got);
    this.#compared++;
    const ratio = ({ deviation: d, tolerance: t }: { deviation: number; tolerance: number }) => d / t;
    const nearer = !Number.isFinite(this.#worst.tolerance) || ratio({ deviation, tolerance }) > ratio(this.#worst);
    if (nearer) this.#worst = { deviation, tolerance, where };
  }

  tensors(where: string, expected: Tensor, got: Tensor | undefined): void {
    this.numbers(where, toNumbers(expected), got ? toNumbers(got) : []);
  }

  /** The result, unless nothing was compared. */
  quantity(): Quantity[] {
    if (this.#compared === 0) return [];
    const { deviation, tolerance, where } = this.#worst;
    return [{ name: this.name, deviation, tolerance, worst: where, compared: this.#compared }];
  }
}

/** Infinite when the lengths differ or a number isn't finite. */
function largestDifference(expected: readonly number[], got: readonly number[]): number {
  if (expected.length !== got.length) return Number.POSITIVE_INFINITY;
  return expected.reduce((largest, value, i) => {
    const difference = Math.abs(value - (got[i] as number));
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
  }, 0);
}
