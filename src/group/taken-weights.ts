import type { Weights } from '../artifacts/weights.js';
import { networkPrefix } from '../distill/step.js';
import { formatWeightsReport } from '../weights/report.js';
import type { TakenWeights } from '../weights/take-weights.js';

/** What was taken for each network, as a group begins with it. */
export function weightsOf(taken: readonly TakenWeights[]): Weights {
  const tensors = taken.flatMap(({ values }, i) =>
    [...values].map(([name, value]) => [networkPrefix(i) + name, value] as const),
  );
  return { tensors: new Map(tensors), updates: 0, where: [...new Set(taken.map(({ where }) => where))].join(', ') };
}

/** What each network took, one paragraph each. */
export function takenNotes(taken: readonly TakenWeights[]): string[] {
  const named = (network: string, i: number) => (taken.length > 1 ? `${network} #${i}` : network);
  return taken.map((each, i) => formatWeightsReport({ ...each, network: named(each.network, i) }));
}

/** Networks that are alike and begin alike see the same images, so nothing sets them apart: what is to be said of that. */
export function twinsWarnings(taken: readonly TakenWeights[]): string[] {
  const whole = taken.filter(({ drawnAnew }) => drawnAnew.length === 0);
  const twins = whole.find((one, i) =>
    whole.slice(0, i).some(({ where, network }) => where === one.where && network === one.network),
  );
  return twins
    ? [
        `several ${twins.network} begin with the same values, head included: without dropout or perturbations they stay equal`,
      ]
    : [];
}
