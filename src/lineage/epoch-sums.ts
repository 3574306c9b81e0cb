import { z } from 'zod';
import type { PerturbationResults } from '../events/events.js';
import type { LineageStep } from './lineage.js';

const count = z.int().min(0);
const inputSums = z.object({ fired: count, won: count, difference: z.number() });
const parameterSums = z.object({
  fired: count,
  kept: count,
  rolledBack: count,
  /** Of those rolled back, the ones without a gain, as a loss was not finite. */
  diverged: count.default(0),
  gain: z.number(),
});

/** What the steps of a part of a run add up to, as their lineage tells it. Lists have one entry a network. */
export const lineageSumsSchema = z.object({
  steps: count,
  /** Steps in which it had the lowest cross-entropy. */
  won: z.array(count),
  /** KL divergence from its teachers. */
  kl: z.array(z.number()),
  /** Of the lowest cross-entropy to the second. */
  margin: z.number(),
  /** Steps whose teachers were others than the step's before. */
  roleChanges: count,
  /** By operation. */
  input: z.record(z.string(), inputSums),
  parameters: z.record(z.string(), parameterSums),
});

export type LineageSums = z.infer<typeof lineageSumsSchema>;

/** Of no steps. */
export function noSums(networks: number): LineageSums {
  const zeros = () => new Array<number>(networks).fill(0);
  return { steps: 0, won: zeros(), kl: zeros(), margin: 0, roleChanges: 0, input: {}, parameters: {} };
}

/** Adds a step, in place; `before` are the teachers of the step before it, where they are known. */
export function addToSums(sums: LineageSums, step: LineageStep, before: LineageStep['teachers'] | null): void {
  sums.steps++;
  sums.won[step.winner] = (sums.won[step.winner] ?? 0) + 1;
  sums.kl = sums.kl.map((sum, i) => sum + (step.kl[i] ?? 0));
  sums.margin += step.margin;
  if (before && String(before) !== String(step.teachers)) sums.roleChanges++;
  addPerturbations(sums, step);
}

function addPerturbations({ input, parameters }: LineageSums, step: LineageStep): void {
  const { inputPerturbation, parameterPerturbation, verdict } = step;
  if (inputPerturbation) {
    const { operation, network, difference } = inputPerturbation;
    const sum = entryOf(input, operation, { fired: 0, won: 0, difference: 0 });
    sum.fired++;
    sum.won += network === step.winner ? 1 : 0;
    sum.difference += difference;
  }
  const ofParameters = (operation: string) =>
    entryOf(parameters, operation, { fired: 0, kept: 0, rolledBack: 0, diverged: 0, gain: 0 });
  if (parameterPerturbation) ofParameters(parameterPerturbation.operation).fired++;
  if (verdict) {
    const sum = ofParameters(verdict.operation);
    sum[verdict.kept ? 'kept' : 'rolledBack']++;
    if (verdict.gain === null) sum.diverged++;
    else sum.gain += verdict.gain;
  }
}

/** The entry of a key, which is put there where there is none. */
function entryOf<T>(record: Record<string, T>, key: string, first: T): T {
  const entry = record[key] ?? first;
  record[key] = entry;
  return entry;
}

/** How the perturbations did, sorted by operation. */
export function perturbationResults({
  input,
  parameters,
}: Pick<LineageSums, 'input' | 'parameters'>): PerturbationResults {
  const sorted = <T>(record: Record<string, T>) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    input: sorted(input).map(([operation, { fired, won, difference }]) => {
      return { operation, fired, won, difference: difference / fired };
    }),
    parameters: sorted(parameters).map(([operation, { gain, ...counts }]) => {
      const ranked = counts.kept + counts.rolledBack - counts.diverged;
      return { operation, ...counts, gain: ranked > 0 ? gain / ranked : null };
    }),
  };
}
