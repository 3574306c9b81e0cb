import { type Evaluation, scoreOf } from '../events/evaluation.js';

/** The network with the highest accuracy, or mean average precision ({@link scoreOf}), of equals the one with the lowest loss. */
export function bestOf(evaluations: readonly Evaluation[]): number {
  return evaluations.reduce((best, each, i) => (isBetter(each, evaluations[best]) ? i : best), 0);
}

export function isBetter(a: Evaluation | undefined, b: Evaluation | undefined): boolean {
  if (!a || !b) return a !== undefined;
  const [ours, theirs] = [scoreOf(a), scoreOf(b)];
  return ours > theirs || (ours === theirs && a.loss < b.loss);
}
