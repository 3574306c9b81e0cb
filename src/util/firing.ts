import { stream } from './random.js';

/** When something fires: in every k-th step (k-1, 2k-1, ...), or in each step with a probability. */
export type Firing = { readonly every: number } | { readonly probability: number };

/** Whether it fires in a step, counted from 0 over the whole run: a function of seed, purpose and step alone. */
export function fires(when: Firing, seed: number, purpose: string, step: number): boolean {
  if ('every' in when) return (step + 1) % when.every === 0;
  return stream(seed, purpose, 'fires', step).uniform() < when.probability;
}
