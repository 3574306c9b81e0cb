import type { Tensor } from '../../onnx/tensor.js';
import { tensor } from '../../onnx/tensor.js';
import type { Graph } from '../graph.js';
import { type Attributes, Node, type Value } from '../node/node.js';

/** A node that isn't in the graph yet, with the names of its outputs (`''`: not wanted). */
export interface Call {
  readonly node: Node;
  readonly outputs: readonly string[];
}

/** Brings a call from the form before some version to that of the version; may add nodes and constants ahead of it. */
export type Upgrade = (call: Call, graph: Graph) => Call;

/** One operator's upgrades, by the version that changed it. */
export type Upgrades = Readonly<Record<number, Upgrade>>;

export interface Revision {
  readonly op?: string;
  readonly inputs?: readonly (Value | null)[];
  readonly attributes?: Attributes;
  readonly outputs?: readonly string[];
}

/** The call with some parts replaced. */
export function revise({ node, outputs }: Call, revision: Revision): Call {
  const { op = node.op, inputs = node.inputs, attributes = node.attributes } = revision;
  return { node: new Node(op, node.domain, node.name, inputs, attributes), outputs: revision.outputs ?? outputs };
}

/** The attributes but for some. */
export function without(attributes: Attributes, ...names: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}

/** An upgrade that drops attributes which later versions don't have. */
export const drop =
  (...names: readonly string[]): Upgrade =>
  (call) =>
    revise(call, { attributes: without(call.node.attributes, ...names) });

/** An upgrade that turns attributes that are lists of integers into inputs 1, 2, ...; absent ones stay absent. */
export const listsToInputs =
  (...names: readonly string[]): Upgrade =>
  (call, graph) => {
    const { node } = call;
    const lists = names.map((name) =>
      node.has(name) ? constant(call, graph, name, integers(node.numbers(name))) : null,
    );
    const last = lists.findLastIndex(Boolean) + 1;
    return revise(call, {
      inputs: [node.input(0), ...lists.slice(0, last)],
      attributes: without(node.attributes, ...names),
    });
  };

/** Adds a constant called `<node>/<suffix>`. */
export function constant({ node }: Call, graph: Graph, suffix: string, content: Tensor): Value {
  const name = `${node.name}/${suffix}`;
  return graph.constant(content, graph.hasName(name) ? undefined : name);
}

/** A rank-1 int64 tensor. */
export function integers(values: readonly number[]): Tensor {
  return tensor('int64', [values.length], values);
}

/** Adds a node called `<node>/<op>` ahead of the call. */
export function before(
  { node }: Call,
  graph: Graph,
  op: string,
  inputs: readonly Value[],
  attributes: Attributes = {},
): Value {
  return graph.op(op, inputs, attributes, { name: `${node.name}/${op}` });
}
