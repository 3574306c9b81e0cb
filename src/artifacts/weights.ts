import { networkPrefix } from '../distill/step.js';
import type { Graph } from '../graph/graph.js';
import { formatShape, sameShape } from '../graph/node/dim.js';
import type { Tensor } from '../onnx/tensor.js';
import { fail } from '../util/error.js';

/** The values that an artifact gives its networks to begin with. */
export interface Weights {
  /** Parameters `net<i>.<name>`, optimizer state `net<i>.<name>.<state>`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Updates that the optimizer state has seen. */
  readonly updates: number;
  /** The file that they are from. */
  readonly where: string;
}

/** Fails unless the weights are those of this network: every parameter there, in its shape. */
export function checkWeights({ tensors, where }: Weights, graph: Graph, index: number): void {
  for (const [name, { value }] of graph.parameters) {
    const key = networkPrefix(index) + name;
    const given = tensors.get(key) ?? fail(where, `tensor "${key}" is missing`, { hint: 'Export the artifact again' });
    if (given.dtype === value.dtype && sameShape(given.dims, value.shape)) continue;
    fail(where, `tensor "${key}"`, {
      expected: `${value.dtype} ${formatShape(value.shape)}`,
      got: `${given.dtype} ${formatShape(given.dims)}`,
      hint: 'Weights go with the classes and channels that they were trained for: use such data, or an artifact without weights',
    });
  }
}
