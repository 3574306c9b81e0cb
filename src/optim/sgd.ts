import { z } from 'zod';
import { add, mul, scale, sub } from '../graph/arithmetic.js';
import type { DeepReadonly } from '../util/deep-readonly.js';
import type { Optimizer } from './optimizer.js';
import { LEARNING_RATE, WEIGHT_DECAY } from './setting-metas.js';

export const sgdSchema = z.strictObject({
  name: z.literal('sgd'),
  lr: z.number().positive().default(0.1).meta(LEARNING_RATE),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0.9)
    .meta({ flag: '--momentum <m>', group: 'Steps', description: 'momentum' }),
  weightDecay: z
    .number()
    .min(0)
    .default(5e-4)
    .meta({ ...WEIGHT_DECAY, description: 'L2 penalty: this times the weight is added to its gradient' }),
  nesterov: z.boolean().default(true).meta({
    flag: '--no-nesterov',
    rare: true,
    group: 'Steps',
    description: "Nesterov's momentum",
    help: "classical momentum in place of Nesterov's",
  }),
});

/** torch.optim.SGD (dampening 0). */
export type SgdSettings = DeepReadonly<z.infer<typeof sgdSchema>>;

/**
 * SGD as PyTorch has it: d = g + wd * p; b = momentum * b + d; p -= lr * (nesterov ? d + momentum * b : b).
 */
export function sgd({ momentum, weightDecay, nesterov }: SgdSettings): Optimizer {
  return {
    states: momentum === 0 ? [] : ['momentum_buffer'],
    scalars: ['learning_rate'],
    scalarsAt: (lr) => ({ learning_rate: lr }),
    scaleRate: (g, scalars, rate) => scalars.map((lr) => scale(g, lr, rate)),
    update(g, parameter, gradient, [buffer], [lr]) {
      const d = weightDecay === 0 ? gradient : add(g, gradient, scale(g, parameter, weightDecay));
      if (!lr) throw new Error('internal error: no learning rate');
      if (!buffer) return { parameter: sub(g, parameter, mul(g, d, lr)), states: [] };
      const next = add(g, scale(g, buffer, momentum), d);
      const direction = nesterov ? add(g, d, scale(g, next, momentum)) : next;
      return { parameter: sub(g, parameter, mul(g, direction, lr)), states: [next] };
    },
    recount: () => 1,
  };
}
