import { present } from '../util/error.js';
import type { Graph } from './graph.js';
import { type Node, namingNode, type Value } from './node/node.js';

/** Replaces one node by others: returns the values that stand for its outputs, or undefined to copy it as it is. */
export type Rewrite = (node: Node, inputs: readonly (Value | null)[], target: Graph) => readonly Value[] | undefined;

/** How a graph is copied into another one. */
export interface InlineOptions {
  /** Prefix of the copied nodes' names (as a scope). */
  readonly scope?: string;
  /** Prefix of the copied parameters' names. */
  readonly parameterPrefix?: string;
  /** What stands for the source's inputs (and parameters), by name; the others are declared in the target. */
  readonly bind?: ReadonlyMap<string, Value>;
  readonly rewrite?: Rewrite;
}

/**
 * Copies what a graph's outputs need into another graph, rewriting nodes on the way: the one primitive that every pass
 * is made of. Shapes are inferred anew, so binding an input to a value of another batch size settles them.
 * Returns the copied values by the source's values.
 */
export function inline(source: Graph, target: Graph, options: InlineOptions = {}): Map<Value, Value> {
  const copied = new Map<Value, Value>();
  const { scope = '', parameterPrefix = '', bind, rewrite } = options;
  for (const input of source.inputs) {
    copied.set(input, bind?.get(input.name) ?? target.input(input.name, input.dtype, input.shape));
  }
  for (const [name, { value, role, initialiser }] of source.parameters) {
    const bound = bind?.get(name);
    copied.set(value, bound ?? target.parameter(parameterPrefix + name, value.shape, initialiser, role));
  }
  const copyOf = (value: Value | null) => {
    if (!value) return null;
    const constant = source.constants.get(value);
    if (constant && !copied.has(value)) copied.set(value, target.constant(constant));
    return copied.get(value) ?? null;
  };
  const needed = neededNodes(source);
  const copyAll = () => {
    for (const node of source.nodes) if (needed.has(node)) copyNode(node, target, copyOf, copied, rewrite);
  };
  if (scope) target.within(scope, copyAll);
  else copyAll();
  for (const output of source.outputs.values()) copyOf(output);
  return copied;
}

/** Copies a whole graph through a rewrite, with its outputs. */
export function rewriteGraph(source: Graph, target: Graph, rewrite?: Rewrite): Graph {
  const copied = inline(source, target, rewrite ? { rewrite } : {});
  for (const [name, value] of source.outputs) target.output(name, present(copied.get(value), `output ${name}`));
  return target;
}

/** The nodes that some values, or else the outputs, depend on, from those on that are given. */
export function neededNodes(
  graph: Graph,
  values: Iterable<Value> = graph.outputs.values(),
  isGiven: (value: Value) => boolean = () => false,
): Set<Node> {
  const needed = new Set<Node>();
  const open = [...values];
  for (let value = open.pop(); value; value = open.pop()) {
    const node = isGiven(value) ? undefined : graph.producer(value);
    if (!node || needed.has(node)) continue;
    needed.add(node);
    for (const input of node.inputs) if (input) open.push(input);
  }
  return needed;
}

function copyNode(
  node: Node,
  target: Graph,
  copyOf: (value: Value | null) => Value | null,
  copied: Map<Value, Value>,
  rewrite: Rewrite | undefined,
): void {
  const inputs = node.inputs.map(copyOf);
  const rewritten = rewrite && namingNode(node, () => rewrite(node, inputs, target));
  const outputs =
    rewritten ??
    target.ops(node.op, inputs, node.attributes, {
      domain: node.domain,
      outputs: node.outputs.length,
      name: copyName(node, target),
    });
  node.outputs.forEach((value, i) => {
    const copy = outputs[i];
    if (copy) copied.set(value, copy);
  });
}

function copyName(node: Node, target: Graph): string {
  return target.scoped(node.name);
}
