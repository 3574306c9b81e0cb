import type { Float64Tensor } from './tensor.js';

/** Between its bounds an operator passes its input on. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export const RELU: Bounds = { min: 0, max: Number.POSITIVE_INFINITY };

export function boundsOf(min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): Bounds {
  return { min, max };
}

/** The side of each number, of X or of Y: -1 at the lower bound or below, 1 at the upper one or above, 0 between them. */
export function sidesOf({ data }: Float64Tensor, { min, max }: Bounds): Int32Array {
  const sides = new Int32Array(data.length);
  data.forEach((value, i) => {
    if (value <= min) sides[i] = -1;
    else if (value >= max) sides[i] = 1;
  });
  return sides;
}
