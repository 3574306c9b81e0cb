import { add, scale } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { present } from '../util/error.js';
import type { Accumulation } from './accumulation.js';
import { averageName, nextName } from './names.js';

/**
 * Keeps an exponential moving average of tensors, average = decay * average + (1 - decay) * tensor after every update, as timm's ModelEmaV2
 * does for weights and running statistics. It begins with the tensors themselves.
 *
 * @returns the names of all averages.
 */
export function averageAll(g: Graph, tensors: readonly string[], decay: number, { choose }: Accumulation): string[] {
  return tensors.map((name) => {
    const { value } = present(g.parameters.get(name), name);
    const next = present(g.outputs.get(nextName(name)), nextName(name));
    const own = averageName(name);
    const average: Value = g.parameter(own, value.shape, { kind: 'constant', value: 0 }, 'average');
    g.output(nextName(own), choose(add(g, scale(g, average, decay), scale(g, next, 1 - decay)), average));
    return own;
  });
}
