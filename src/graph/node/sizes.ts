import { type Tuple, take } from '../../util/checked.js';
import { formatShape } from './dim.js';
import type { Value } from './node.js';

/** The size of an axis, which must be a number. */
export function sizeOf(value: Value, axis: number): number {
  const size = value.shape[axis];
  return typeof size === 'number' ? size : failOpen(value, `axis ${axis}`);
}

/** The sizes of the first `count` axes, which must be numbers: `[n, c, h, w]` of images. */
export function sizesOf<N extends number>(value: Value, count: N): Tuple<number, N> {
  return take(knownSizes(value, 0, count), count);
}

/** The sizes of all axes, or of those from `from` up to `to`; they must be numbers. */
export function knownSizes(value: Value, from = 0, to = value.shape.length): number[] {
  const sizes = value.shape.slice(from, to);
  return sizes.map((size, i) => (typeof size === 'number' ? size : failOpen(value, `axis ${from + i}`)));
}

/** Sizes of the axes behind batch and channels, which must be numbers. */
export const spatialSizes = (value: Value): number[] => knownSizes(value, 2);

function failOpen({ name, shape }: Value, axis: string): never {
  throw new Error(`internal error: the size of ${axis} of "${name}" isn't a number: ${formatShape(shape)}`);
}
