import { z } from 'zod';
import { PERTURBATION_POOLS } from '../../data/perturb/pools.js';
import type { SettingMeta } from '../../util/setting-meta.js';

const count = z.int().min(1);
const share = z.number().min(0).max(1);

/** When a perturbation fires: in every k-th step (steps k-1, 2k-1, ... counted over the run), or in each with a probability. */
function firing(every: SettingMeta, probability: SettingMeta) {
  return z.union(
    [
      z.strictObject({ every: count.meta({ description: 'in every so many-th step of the run', ...every }) }),
      z.strictObject({
        probability: z
          .number()
          .gt(0)
          .max(1)
          .meta({ description: 'in each step with this probability, in place of `every`', ...probability }),
      }),
    ],
    { error: 'expected {"every": k} or {"probability": p}' },
  );
}

/** Perturbed images (the paper's section 3). */
export const inputPerturbation = z.strictObject({
  pool: z.enum(PERTURBATION_POOLS).meta({
    flag: '--perturb-input <pool>',
    group: 'Contest',
    turnsOff: true,
    description: "pool that each perturbation is drawn from: the paper's or the released code's",
    help: "perturb one random network's images",
    otherwise: 'none',
  }),
  when: firing(
    { flag: '--perturb-every <k>', rare: true, group: 'Contest', help: 'in every k-th step', otherwise: '1' },
    {
      flag: '--perturb-probability <p>',
      rare: true,
      group: 'Contest',
      help: 'or in each step with this probability',
      otherwise: '',
    },
  )
    .default({ every: 1 })
    .meta({ description: 'steps in which images are perturbed' }),
});

/** Perturbed weights, on trial. */
export const parameterPerturbation = z.strictObject({
  when: firing(
    {
      flag: '--mutate-every <k>',
      group: 'Contest',
      help: "perturb one random network's weights in every k-th step",
      otherwise: 'never',
    },
    {
      flag: '--mutate-probability <p>',
      rare: true,
      group: 'Contest',
      help: 'or in each step with this probability',
      otherwise: '',
    },
  )
    .default({ every: 50 })
    .meta({ description: 'steps before which weights are perturbed' }),
  window: count.default(10).meta({
    flag: '--mutation-window <steps>',
    rare: true,
    group: 'Contest',
    description:
      'steps after which the network keeps its new weights if it had the lowest loss over them, else gets its old ones back',
    help: 'steps on trial: kept with the lowest loss, else rolled back',
  }),
  sigma: z.number().positive().default(0.02).meta({
    flag: '--mutation-sigma <x>',
    rare: true,
    group: 'Contest',
    description: "standard deviation of the noise, relative to each tensor's root mean square",
    help: "standard deviation of the noise, over each tensor's RMS",
  }),
  crossover: share.default(0.5).meta({
    flag: '--crossover <share>',
    rare: true,
    group: 'Contest',
    description:
      'probability of crossover with another network of the same architecture, where there is one, instead of noise',
    help: 'probability of crossover instead of noise',
  }),
});
