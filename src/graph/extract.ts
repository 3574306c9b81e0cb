import { tensor } from '../onnx/tensor.js';
import { present } from '../util/error.js';
import { Graph } from './graph.js';
import type { Node, Value } from './node/node.js';

/** A name and the value that has it. */
export type Named = readonly [name: string, value: Value];

/**
 * Copies the part of a graph that makes some outputs, with its names of parameters and nodes.
 *
 * @param given - Values that are inputs of the part, declared in this order. Other inputs of the graph follow as they are taken.
 * @param nodes - The nodes that the outputs need.
 */
export function extract(
  graph: Graph,
  outputs: readonly Named[],
  given: readonly Named[],
  nodes: ReadonlySet<Node>,
): Graph {
  const part = new Graph(graph.name);
  const copied = new Map<Value, Value>();
  for (const [name, value] of given) copied.set(value, part.input(name, value.dtype, value.shape));
  const copyOf = (value: Value | null): Value | null => {
    if (!value) return null;
    const copy = copied.get(value) ?? copyLeaf(graph, part, value);
    copied.set(value, copy);
    return copy;
  };
  for (const node of graph.nodes) {
    if (!nodes.has(node)) continue;
    const { op, domain, name, attributes, outputs: results } = node;
    const made = part.ops(op, node.inputs.map(copyOf), attributes, { domain, name, outputs: results.length });
    for (const [i, value] of results.entries()) copied.set(value, present(made[i], value.name));
  }
  for (const [name, value] of outputs) part.output(name, present(copyOf(value), name));
  return part;
}

/** An input, a parameter, or what is constant. */
function copyLeaf(graph: Graph, part: Graph, value: Value): Value {
  const parameter = graph.parameters.get(value.name);
  if (parameter) return part.parameter(value.name, parameter.value.shape, parameter.initialiser, parameter.role);
  if (graph.inputs.includes(value)) return part.input(value.name, value.dtype, value.shape);
  const constant = graph.constants.get(value);
  return part.constant(constant ?? tensor(value.dtype, value.shape.map(Number), knownNumbers(graph, value)));
}

function knownNumbers({ knownIntegers }: Graph, value: Value): number[] {
  return present(knownIntegers.get(value), value.name).map(Number);
}
