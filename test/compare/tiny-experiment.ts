import type { ExperimentInput } from '../../src/compare/experiment/experiment.js';
import { RESNET } from '../run/runs.js';

/** Two methods, of which one draws at random in every way that there is, so that going on wrongly would show. */
export function tinyExperiment(
  data: string,
  { epochs, seeds }: { readonly epochs: number; readonly seeds: ExperimentInput['seeds'] },
): ExperimentInput {
  return {
    name: 'tiny',
    base: { data, epochs, batchSize: 16, validation: 0.25, threads: 1 },
    groups: { pair: [RESNET, RESNET] },
    methods: {
      alone: { rule: 'none' },
      cd: {
        rule: 'argmin',
        inputPerturbation: { pool: 'paper', when: { every: 2 } },
        parameterPerturbation: { when: { every: 2 }, window: 2 },
      },
    },
    seeds,
  };
}
