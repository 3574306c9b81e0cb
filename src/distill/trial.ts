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
  /** The mean cross-entropy of the best other network, less that of the perturbed one. */
  readonly gain: number;
}

/** The trial after one more step. */
export function addStep(trial: Trial, ce: readonly number[]): Trial {
  return { ...trial, ce: trial.ce.map((sum, i) => sum + (ce[i] as number)) };
}

/** Decides a trial on all its steps so far. A perturbed network that is only as good as another does not stay. */
export function judge({ network, operation, ce }: Trial, steps: number): Verdict {
  const gain = -behindBestOther(ce, network) / steps;
  return { network, operation, kept: gain > 0, gain };
}

/** A network's value less the lowest of the others: negative where it is the lowest itself, 0 where it is alone. */
export function behindBestOther(values: readonly number[], network: number): number {
  const others = values.filter((_, i) => i !== network);
  return others.length > 0 ? (values[network] as number) - Math.min(...others) : 0;
}

/** The second lowest value less the lowest; 0 where there is one. */
export function marginOf(values: readonly number[]): number {
  return -behindBestOther(values, lowest(values));
}

/** Index of the lowest value, the first of equals. */
export function lowest(values: readonly number[]): number {
  return values.indexOf(Math.min(...values));
}
