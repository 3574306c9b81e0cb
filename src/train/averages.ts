import { averageName, networkPrefix } from '../distill/names.js';
import type { Evaluation, GroupEvaluation } from '../events/evaluation.js';
import type { Tensor } from '../onnx/tensor.js';
import { isBetter } from '../store/best-network.js';
import { present } from '../util/error.js';

type State = ReadonlyMap<string, Tensor>;

/** A state in which some networks have the moving averages of their tensors in place of these. */
export function withAverages(state: State, networks: readonly number[]): State {
  const prefixes = networks.map(networkPrefix);
  const isAveraged = (name: string) => prefixes.some((prefix) => name.startsWith(prefix));
  return new Map([...state].map(([name, own]) => [name, (isAveraged(name) && state.get(averageName(name))) || own]));
}

/**
 * Evaluates networks by their weights and by the moving averages of these, and gives for each what the better of the two did; where that is
 * the average, marked so. The ensemble is that of the better ones.
 */
export async function evaluateBetter(
  state: State,
  measure: (state: State) => Promise<GroupEvaluation>,
): Promise<GroupEvaluation> {
  const own = await measure(state);
  const all = [...own.networks.keys()];
  const averages = await measure(withAverages(state, all));
  const better = all.filter((i) => isBetter(averages.networks[i], own.networks[i]));
  const networks = own.networks.map((each, i): Evaluation => {
    return better.includes(i) ? { ...present(averages.networks[i], 'its average'), ema: true } : each;
  });
  if (better.length === 0) return own;
  if (better.length === all.length) return { networks, ensemble: averages.ensemble };
  const { ensemble } = await measure(withAverages(state, better));
  return { networks, ensemble };
}

/** The networks whose averages count, as {@link evaluateBetter} found. */
export function averagedOf({ networks }: { readonly networks?: readonly Evaluation[] | undefined }): number[] {
  return (networks ?? []).flatMap(({ ema }, i) => (ema ? [i] : []));
}

/** Another evaluation of networks of which some are averages. */
export function markAverages({ networks, ensemble }: GroupEvaluation, averaged: readonly number[]): GroupEvaluation {
  const marked = networks.map((each, i): Evaluation => (averaged.includes(i) ? { ...each, ema: true } : each));
  return { networks: marked, ensemble };
}
