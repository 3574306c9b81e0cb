import type { PlannedPerturbation } from './mutation.js';

/** A perturbed network that is ranked over some steps before it stays. */
export interface Trial extends PlannedPerturbation {
  /** The first step with the perturbed parameters, counted over the run. */
  readonly start: number;
  /** Each network's cross-entropy, added up over the steps of the trial so far. */
  readonly ce: readonly number[];
}

/** How a trial ended. */
export interface Verdict {
  readonly network: number;
  readonly operation: PlannedPerturbation['operation'];
  /** Whether its mean cross-entropy was the lowest of the group; else it was rolled back. */
  readonly kept: boolean;
  /** The mean cross-entropy of the best other network, less that of the perturbed one; null where a loss was not finite. */
  readonly gain: number | null;
}

/** The trial after one more step. */
export function addStep(trial: Trial, ce: readonly number[]): Trial {
  return { ...trial, ce: trial.ce.map((sum, i) => sum + (ce[i] as number)) };
}

/** Decides a trial on all its steps so far. A perturbed network that is only as good as another does not stay. */
export function judge({ network, operation, ce }: Trial, steps: number): Verdict {
  const gain = (bestOther(ce, network) - (ce[network] as number)) / steps;
  return { network, operation, kept: gain > 0, gain };
}

/** The end of a trial in which a loss was not finite. */
export function loseDiverged({ network, operation }: Trial): Verdict {
  return { network, operation, kept: false, gain: null };
}

/** The lowest value of the others; a network's own where it is alone. */
export function bestOther(values: readonly number[], network: number): number {
  const others = values.filter((_, i) => i !== network);
  return others.length > 0 ? Math.min(...others) : (values[network] as number);
}

/** The second lowest value less the lowest; 0 where there is one. */
export function marginOf(values: readonly number[]): number {
  const best = lowest(values);
  return bestOther(values, best) - (values[best] as number);
}

/** Index of the lowest value, the first of equals. */
export function lowest(values: readonly number[]): number {
  return values.indexOf(Math.min(...values));
}
