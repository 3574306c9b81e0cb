/** A list of N elements; of any number where N isn't known. */
export type Tuple<T, N extends number, Part extends T[] = []> = number extends N
  ? T[]
  : Part['length'] extends N
    ? Part
    : Tuple<T, N, [...Part, T]>;

/** The element at an index, or an internal error: for an index that can't miss unless Agon is wrong. Not for inner loops. */
export function at<T>(list: ArrayLike<T>, i: number): T {
  const value = list[i];
  if (value === undefined) throw new Error(`internal error: there is no element ${i} of ${list.length}`);
  return value;
}

/** The first `count` elements, to be taken apart; an internal error where there are fewer. */
export function take<T, N extends number>(list: readonly T[], count: N): Tuple<T, N> {
  if (list.length < count) throw new Error(`internal error: ${list.length} elements where ${count} are needed`);
  return list.slice(0, count) as Tuple<T, N>;
}

/** A list of the same length, of what `change` makes of each element. */
export function mapTuple<const T extends readonly unknown[], R>(
  list: T,
  change: (element: T[number], i: number) => R,
): { -readonly [I in keyof T]: R } {
  return list.map(change) as { -readonly [I in keyof T]: R };
}

/** The keys of a table whose type names them all. */
export function keysOf<T extends object>(table: T): (keyof T & string)[] {
  return Object.keys(table) as (keyof T & string)[];
}
