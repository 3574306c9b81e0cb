import type { Graph } from '../../src/graph/graph.js';
import type { Node, Value } from '../../src/graph/node/node.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';
import { boundsOf, RELU, sidesOf } from './float64/base/bounds.js';
import type { Sides } from './float64/base/kinks.js';
import { maxima } from './float64/base/maxima.js';
import { type Float64Tensor, toFloat64 } from './float64/base/tensor.js';

/** What tells the sides that a piecewise operator's elements took: a value of its node, and how that is read. */
interface Witness {
  readonly of: (node: Node) => Value;
  readonly read: (node: Node, seen: Float64Tensor, graph: Graph) => Int32Array;
}

const WITNESSES: Readonly<Record<string, Witness>> = {
  Relu: { of: (node) => node.output(), read: (_node, y) => sidesOf(y, RELU) },
  Clip: { of: (node) => node.output(), read: (node, y, graph) => sidesOf(y, clipBounds(node, graph)) },
  MaxPool: { of: (node) => node.input(0), read: maxima },
};

/** Makes outputs of the values that tell the sides of a semantic graph. */
export function exposeSides(graph: Graph): void {
  const values = witnessed(graph).map(({ node, witness }) => witness.of(node));
  for (const value of new Set(values)) graph.output(witnessName(value), value);
}

/** The sides that a run of such a graph took, from its outputs. */
export function sidesTaken(graph: Graph, outputs: ReadonlyMap<string, Tensor>): Sides {
  const entries = witnessed(graph).map(({ node, witness }) => {
    const name = witnessName(witness.of(node));
    return [node.name, witness.read(node, toFloat64(present(outputs.get(name), name)), graph)] as const;
  });
  return new Map(entries);
}

/** The output that shows a value. */
export const witnessName = (value: Value) => `witness.${value.name}`;

function witnessed({ nodes }: Graph): { node: Node; witness: Witness }[] {
  return nodes.flatMap((node) => {
    const witness = node.domain === '' ? WITNESSES[node.op] : undefined;
    return witness ? [{ node, witness }] : [];
  });
}

function clipBounds(node: Node, graph: Graph) {
  const [min, max] = [1, 2].map((i) => {
    const bound = graph.constantOf(node.inputs[i]);
    return bound && toNumbers(bound)[0];
  });
  return boundsOf(min, max);
}
