import { div, mul, sub } from '../../graph/arithmetic.js';
import { MICROSOFT } from '../../graph/node/node.js';
import { bodies } from '../../lower/portable/portable.js';
import type { Body } from '../../lower/target.js';
import type { RunningStatistics } from './ort-training.js';

/** Bodies for BatchNormalization with these running statistics, by the node's name. */
export function normalisation(statistics: ReadonlyMap<string, RunningStatistics>): Record<string, Body> {
  return {
    BatchNormTraining: (g, node, inputs) => {
      const running = statistics.get(node.name);
      if (!running) return bodies.BatchNormTraining(g, node, inputs);
      const epsilon = node.number('epsilon', 1e-5);
      const kept = [running.mean, running.variance].map((name) => g.parameters.get(name)?.value ?? null);
      const attributes = { epsilon, momentum: running.momentum, training_mode: 1 };
      const options = { domain: MICROSOFT, outputs: 5 } as const;
      const [y, , , mean, r] = g.ops('BatchNormInternal', [...inputs, ...kept], attributes, options);
      const one = g.scalar(1);
      const variance = sub(g, div(g, one, mul(g, r, r)), g.scalar(epsilon));
      return [y, mean, variance, r];
    },
    BatchNormTrainingGrad: (g, _node, inputs) => {
      return g.ops('BatchNormalizationGrad', inputs, { epsilon: 1e-5 }, { domain: MICROSOFT, outputs: 3 });
    },
  };
}
