import type { Graph } from '../graph/graph.js';
import { type Tensor, tensor } from '../onnx/tensor.js';
import type { Random } from '../util/random.js';

/** How the parameters of a network are perturbed. */
export const PARAMETER_OPERATIONS = ['mutation', 'crossover'] as const;
/** `mutation` adds noise to the weights; `crossover` moves them towards those of a like network. */
export type ParameterOperation = (typeof PARAMETER_OPERATIONS)[number];

/** One network's perturbation: by crossover, with the network that its parameters move towards. */
export interface PlannedPerturbation {
  readonly network: number;
  readonly operation: ParameterOperation;
  readonly mate: number | null;
}

/**
 * Draws one of the networks, and what happens to it: crossover with one of its mates with the given probability, where it
 * has any, else mutation.
 */
export function planPerturbation(
  random: Random,
  mates: readonly (readonly number[])[],
  crossover: number,
): PlannedPerturbation {
  const network = random.below(mates.length);
  const crosses = random.uniform() < crossover;
  const own = mates[network] ?? [];
  const mate = own[random.below(own.length)];
  return crosses && mate !== undefined
    ? { network, operation: 'crossover', mate }
    : { network, operation: 'mutation', mate: null };
}

/** For each network the others whose weights have the same names and shapes. */
export function matesOf(networks: readonly Graph[]): number[][] {
  const architectures = networks.map((network) => JSON.stringify(weightsOf(network)));
  return architectures.map((own, i) => {
    return architectures.flatMap((other, j) => (j !== i && other === own ? [j] : []));
  });
}

/** Names and shapes of what a network learns. */
export function weightsOf({ parameters }: Graph): { name: string; shape: readonly unknown[] }[] {
  const weights = [...parameters].filter(([, { role }]) => role === 'weight');
  return weights.map(([name, { value }]) => ({ name, shape: value.shape }));
}

/** w + sigma * rms(w) * N(0, 1), the root mean square over the tensor: a tensor of zeros stays. */
export function mutate({ dims, data }: Tensor, sigma: number, random: Random): Tensor {
  const weights = data as Float32Array;
  const squares = weights.reduce((sum, w) => sum + w * w, 0);
  const deviation = sigma * Math.sqrt(squares / weights.length);
  return tensor(
    'float32',
    dims,
    weights.map((w) => w + deviation * random.normal()),
  );
}

/** (1 - t) * own + t * other, with one t ~ U(0, 1) for the tensor. */
export function crossOver({ dims, data }: Tensor, other: Tensor, random: Random): Tensor {
  const t = random.uniform();
  const theirs = other.data as Float32Array;
  return tensor(
    'float32',
    dims,
    (data as Float32Array).map((w, i) => (1 - t) * w + t * (theirs[i] as number)),
  );
}
