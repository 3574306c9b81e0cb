import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { createOptimizer, type OptimizerSettings } from '../optim/optimizer.js';
import { nextName, stateName } from './names.js';
import type { StepOptions } from './step-options.js';

/**
 * Updates all weights from their gradients (null: not trained); declares the optimizer's scalars and state.
 *
 * @returns the names of all tensors that have a next value.
 */
export function updateAll(
  g: Graph,
  weights: readonly Value[],
  slopes: readonly (Value | null)[],
  settings: OptimizerSettings,
  { exposeGradients }: StepOptions,
): string[] {
  const optimizer = createOptimizer(settings);
  const scalars = optimizer.scalars.map((name) => g.input(name, 'float32', []));
  return weights.flatMap((weight, i) => {
    const gradient = slopes[i];
    if (!gradient) return [];
    if (exposeGradients) g.output(`${weight.name}.grad`, gradient);
    const states = optimizer.states.map((state) => {
      return g.parameter(
        stateName(weight.name, state),
        weight.shape as number[],
        { kind: 'constant', value: 0 },
        'optimizer',
      );
    });
    const updated = g.within(weight.name, () => optimizer.update(g, weight, gradient, states, scalars));
    g.output(nextName(weight.name), updated.parameter);
    updated.states.forEach((next, s) => {
      g.output(nextName((states[s] as Value).name), next);
    });
    return [weight.name, ...states.map((state) => state.name)];
  });
}
