import type { AssessedSubject } from '../../store/assessment.js';
import { at } from '../../util/checked.js';

/** How the classes of a confusion matrix are ordered. */
export const CLASS_ORDERS = {
  together: 'confused ones side by side',
  errors: 'most mistakes first',
  own: 'as in the data',
} as const;
/** A key of {@link CLASS_ORDERS}. */
export type ClassOrder = keyof typeof CLASS_ORDERS;

/** Indices of the classes in an order. */
export function orderClasses(confusion: AssessedSubject['confusion'], classes: number, order: ClassOrder): number[] {
  const own = Array.from({ length: classes }, (_, i) => i);
  if (order === 'own') return own;
  if (order === 'together') return sideBySide(confusion, classes);
  const mistakes = new Array<number>(classes).fill(0);
  for (const [label, said, count] of confusion) if (label !== said) mistakes[label] = (mistakes[label] ?? 0) + count;
  return own.sort((a, b) => at(mistakes, b) - at(mistakes, a));
}

/**
 * Chains of classes are joined, the most confused pair of chains first (by the mean over their classes), each turned so that the more
 * confused ends meet. Classes that are never confused keep their order at the end.
 */
function sideBySide(confusion: AssessedSubject['confusion'], classes: number): number[] {
  const likeness = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [label, said, count] of confusion) {
    if (label === said) continue;
    for (const [a, b] of [
      [label, said],
      [said, label],
    ] as const)
      (likeness[a] as number[])[b] = at(at(likeness, a), b) + count;
  }
  const chains = Array.from({ length: classes }, (_, i) => [i]);
  const between = likeness.map((row) => [...row]);
  for (;;) {
    const pair = closest(chains, between);
    if (!pair) return chains.flat();
    join(chains, between, pair, likeness);
  }
}

/** The two chains that are most confused on average; undefined where no two are. */
function closest(chains: readonly (readonly number[])[], between: readonly (readonly number[])[]) {
  let best: readonly [number, number] | undefined;
  let most = 0;
  for (let i = 0; i < chains.length; i++) {
    for (let j = i + 1; j < chains.length; j++) {
      const mean = at(at(between, i), j) / (at(chains, i).length * at(chains, j).length);
      if (mean > most) [most, best] = [mean, [i, j]];
    }
  }
  return best;
}

/** Joins two chains in place of the first; `between` are the sums over their classes. */
function join(
  chains: number[][],
  between: number[][],
  [i, j]: readonly [number, number],
  likeness: readonly (readonly number[])[],
): void {
  const [first, second] = [at(chains, i), at(chains, j)];
  const meeting = (a: readonly number[], b: readonly number[]) => at(at(likeness, at(a, a.length - 1)), at(b, 0));
  const turned = (chain: readonly number[]) => [...chain].reverse();
  const ways = [first, turned(first)].flatMap((a) =>
    [second, turned(second)].map((b) => ({ a, b, likes: meeting(a, b) })),
  );
  const { a, b } = ways.reduce((best, way) => (way.likes > best.likes ? way : best));
  chains[i] = [...a, ...b];
  for (const [k, row] of between.entries()) {
    row[i] = at(row, i) + at(row, j);
    (between[i] as number[])[k] = row[i] as number;
  }
  chains.splice(j, 1);
  between.splice(j, 1);
  for (const row of between) row.splice(j, 1);
}
