import type { PerturbationResults } from '../events/events.js';
import type { Origin } from '../events/origin-schema.js';
import { at } from '../util/checked.js';
import { addToSums, type LineageSums, noSums, perturbationResults } from './epoch-sums.js';
import type { LineageStep } from './lineage.js';
import type { Lineage } from './lineage-file.js';

/** Some steps of a run. Lists have one entry a network. */
export interface LineagePart {
  /** How many steps are known. */
  readonly steps: number;
  /** Shares of the steps in which each had the lowest cross-entropy. */
  readonly won: readonly number[];
  /** KL divergence from its teachers, added up over the steps. */
  readonly klMass: readonly number[];
  readonly roleChanges: number;
  /** Mean of the second lowest cross-entropy less the lowest. */
  readonly margin: number;
  readonly perturbations: PerturbationResults;
}

/** A lineage in sums, by epoch and in all. */
export interface LineageSummary {
  readonly networks: readonly string[];
  /** Where they began, if that was another run. */
  readonly origin?: Origin;
  /** `epoch` from 0; the last may be unfinished. */
  readonly epochs: readonly (LineagePart & { readonly epoch: number })[];
  readonly total: LineagePart;
}

/**
 * Adds up a lineage by epochs. Teachers before a gap are not held against those after it.
 *
 * @param lineage - As `readLineage` gives it.
 */
export function summariseLineage({ networks, stepsPerEpoch, origin, steps }: Lineage): LineageSummary {
  const total = noSums(networks.length);
  const epochs: LineageSums[] = [];
  let before: LineageStep['teachers'] | null = null;
  for (const [count, step] of steps.entries()) {
    if (count % stepsPerEpoch === 0) epochs.push(noSums(networks.length));
    const sums = [total, at(epochs, epochs.length - 1)];
    if (step) for (const each of sums) addToSums(each, step, before);
    before = step?.teachers ?? null;
  }
  const parts = epochs.map((sums, epoch) => ({ epoch, ...partOf(sums) }));
  return { networks, ...(origin && { origin }), epochs: parts, total: partOf(total) };
}

function partOf(sums: LineageSums): LineagePart {
  const { steps, won, kl, roleChanges, margin } = sums;
  return {
    steps,
    won: won.map((count) => (steps > 0 ? count / steps : 0)),
    klMass: kl,
    roleChanges,
    margin: steps > 0 ? margin / steps : 0,
    perturbations: perturbationResults(sums),
  };
}
