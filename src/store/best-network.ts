import type { Evaluation } from '../events/evaluation.js';

/** The network with the highest accuracy, of equals the one with the lowest loss. */
export function bestOf(evaluations: readonly Evaluation[]): number {
  return evaluations.reduce((best, each, i) => (isBetter(each, evaluations[best]) ? i : best), 0);
}

export function isBetter(a: Evaluation | undefined, b: Evaluation | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.loss < b.loss);
}
