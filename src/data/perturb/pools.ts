/** The pools of operations that a perturbed batch is drawn from: the paper's text, and its released code. */
export const PERTURBATION_POOLS = ['paper', 'release'] as const;
export type PerturbationPool = (typeof PERTURBATION_POOLS)[number];
