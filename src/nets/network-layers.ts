import type { Graph } from '../graph/graph.js';
import type { Node, Value } from '../graph/node/node.js';

/** A node that applies parameters to what is made of the images. */
export interface Layer {
  readonly node: Node;
  /** Names of those that no layer before it has, in the order in which it takes them. */
  readonly parameters: readonly string[];
  /** Whether they are of one number a channel, as those of a normalisation and biases are. */
  readonly isNormalisation: boolean;
}

/** A network's layers in the order of its nodes. */
export function layersOf(graph: Graph): Layer[] {
  const active = activeValues(graph);
  const taken = new Set<string>();
  return graph.nodes.flatMap((node) => {
    if (!node.outputs.some((output) => active.has(output))) return [];
    const passive = node.inputs.filter((input) => input !== null && !active.has(input));
    const found = [...new Set(passive.flatMap((input) => (input ? sourcesOf(graph, input) : [])))];
    const parameters = found.filter((name) => !taken.has(name));
    for (const name of parameters) taken.add(name);
    return parameters.length > 0
      ? [{ node, parameters, isNormalisation: found.every((name) => isVector(graph, name)) }]
      : [];
  });
}

/** The values that depend on a network's images. */
export function activeValues({ inputs, nodes }: Graph): Set<Value> {
  const active = new Set(inputs);
  for (const { inputs: from, outputs } of nodes) {
    if (from.some((input) => input && active.has(input))) for (const output of outputs) active.add(output);
  }
  return active;
}

/** The parameters that a value is made of. */
function sourcesOf(graph: Graph, value: Value): string[] {
  if (graph.parameters.get(value.name)?.value === value) return [value.name];
  return (graph.producer(value)?.inputs ?? []).flatMap((input) => (input ? sourcesOf(graph, input) : []));
}

/** Whether a parameter has at most one axis with more than one element. */
function isVector({ parameters }: Graph, name: string): boolean {
  const shape = parameters.get(name)?.value.shape ?? [];
  return shape.filter((size) => size !== 1).length < 2;
}
