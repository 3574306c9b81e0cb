import { add, mul, scale, sub } from '../graph/arithmetic.js';
import type { Optimizer, SgdSettings } from './optimizer.js';

/**
 * SGD as PyTorch has it: d = g + wd * p; b = momentum * b + d; p -= lr * (nesterov ? d + momentum * b : b).
 */
export function sgd({ momentum, weightDecay, nesterov }: SgdSettings): Optimizer {
  return {
    states: momentum === 0 ? [] : ['momentum_buffer'],
    scalars: ['learning_rate'],
    scalarsAt: (lr) => ({ learning_rate: lr }),
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
