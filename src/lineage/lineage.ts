import { lowest, marginOf } from '../distill/trial.js';
import type { StepEvent } from '../events/events.js';

/** What a run's lineage keeps of a step. Networks are indices. */
export interface LineageStep extends Pick<StepEvent, 'inputPerturbation' | 'parameterPerturbation' | 'verdict'> {
  /** Row i: whether each network teaches network i. */
  readonly teachers: readonly (readonly boolean[])[];
  /** The network with the lowest cross-entropy. */
  readonly winner: number;
  /** The second lowest cross-entropy less the lowest. */
  readonly margin: number;
  /** Each network's KL divergence from its teachers. */
  readonly kl: readonly number[];
}

/** The lineage of a step. */
export function lineageOf(event: StepEvent): LineageStep {
  const { ce, kl, teachers, inputPerturbation, parameterPerturbation, verdict } = event;
  return {
    teachers: teachers.map((row) => row.map((weight) => weight > 0)),
    winner: lowest(ce),
    margin: marginOf(ce),
    kl,
    ...(inputPerturbation && { inputPerturbation }),
    ...(parameterPerturbation && { parameterPerturbation }),
    ...(verdict && { verdict }),
  };
}
