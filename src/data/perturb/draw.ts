import { at } from '../../util/checked.js';
import { type Firing, fires } from '../../util/firing.js';
import { stream } from '../../util/random.js';
import { type PerturbationPool, POOLS } from './pools.js';

/** When a batch is perturbed, with what, for one of how many networks. */
export interface InputPerturbation {
  readonly pool: PerturbationPool;
  readonly when: Firing;
  readonly networks: number;
}

/** Which network sees its batch through which operation. */
export interface DrawnPerturbation {
  readonly network: number;
  readonly operation: string;
}

const PURPOSE = 'perturb-input';

/** What is perturbed in a step, counted from 0 over the run: a function of seed and step alone. */
export function drawPerturbation(
  { pool, when, networks }: InputPerturbation,
  seed: number,
  step: number,
): DrawnPerturbation | undefined {
  if (!fires(when, seed, PURPOSE, step)) return undefined;
  const random = stream(seed, PURPOSE, step);
  const names = Object.keys(POOLS[pool]);
  return { network: random.below(networks), operation: at(names, random.below(names.length)) };
}

/** The random numbers of a step's operation. */
export const operationStream = (seed: number, step: number) => stream(seed, PURPOSE, 'operation', step);
