import type { Content, Migration } from './format-version.js';

/** Version 1 knew of no perturbations, lineage, times and ensembles: what it lacks is as in a run without them. */
export const checkpoint1: Migration = (content) => {
  const { partial, best } = content;
  return {
    ...content,
    partial: isContent(partial) ? partialSums(partial) : partial,
    seconds: 0,
    trial: null,
    best: isContent(best) ? bestWithoutMeasures(best) : best,
  };
};

function partialSums({ won, ...sums }: Content): Content {
  const networks = Array.isArray(won) ? won : [];
  const steps = networks.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
  const lineage = { steps, won, kl: networks.map(() => 0), margin: 0, roleChanges: 0, input: {}, parameters: {} };
  return { ...sums, lineage, teachers: null, seconds: 0, waited: 0 };
}

/** Losses and accuracies are there; top-5, calibration and the ensemble aren't: it stands without its measures. */
function bestWithoutMeasures({ epoch, network }: Content): Content {
  return { epoch, network };
}

/** Version 1 was the forms alone, by their keys. */
export const forms1: Migration = (forms) => ({ forms });

function isContent(value: unknown): value is Content {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
