import type { Graph } from '../../../src/graph/graph.js';
import { countMultiplyAdds, countParameters } from '../../../src/nets/summary.js';
import { sum } from '../numbers.js';

/** What a training step has to compute, whichever way it does. */
export interface Work {
  readonly parameters: number;
  /** Of all convolutions and linear layers, in all three directions, for the whole batch and all networks. */
  readonly multiplyAdds: number;
}

/** Forward, input gradient and weight gradient cost the same; nobody needs the gradient of the images. */
export function workOf(graphs: readonly Graph[], batch: number): Work {
  const perImage = sum(graphs.map((graph) => 3 * countMultiplyAdds(graph) - imageMultiplyAdds(graph)));
  return { parameters: sum(graphs.map(countParameters)), multiplyAdds: batch * perImage };
}

/** Multiply-adds of the convolutions that read the images. */
function imageMultiplyAdds(graph: Graph): number {
  const first = graph.nodes.filter(({ op, inputs }) => op === 'Conv' && inputs[0] === graph.inputs[0]);
  return sum(
    first.map((node) => {
      const [, ...output] = node.output().shape as number[];
      const [, ...taps] = node.sizes(1);
      return [...output, ...taps].reduce((n, size) => n * size, 1);
    }),
  );
}
