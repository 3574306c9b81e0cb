import { Graph } from '../graph/graph.js';
import { type Rewrite, rewriteGraph } from '../graph/inline.js';
import { AGON, type Node, type Value } from '../graph/node/node.js';
import type { Target } from './target.js';

/** Replaces every semantic operator by the target's body; equal computations become one, unused ones go. */
export function lower(graph: Graph, target: Target): Graph {
  const prepared = target.prepare?.(graph) ?? graph;
  const plain = rewriteGraph(prepared, new Graph(graph.name), expandBodies(target));
  const shared = rewriteGraph(plain, new Graph(graph.name), shareEqualNodes());
  return target.finish?.(shared) ?? shared;
}

/** Semantic operators must have a body; one of ONNX’s may have one, where the target needs it in another form. */
function expandBodies(target: Target): Rewrite {
  return (node, inputs, g) => {
    const given = (value: Value | null, i: number) => value ?? node.fail(`input ${i} is missing`);
    if (node.domain !== AGON && node.domain !== '') return undefined;
    const body = target.bodies[node.op];
    if (!body)
      return node.domain === AGON ? node.fail(`target ${target.name}`, 'a body for this operator', 'none') : undefined;
    return g.within(node.name, () => body(g, node, inputs.map(given)));
  };
}

/** Common subexpression elimination: a node with the operator, attributes and inputs of an earlier one is that one. */
export function shareEqualNodes(): Rewrite {
  const seen = new Map<string, readonly Value[]>();
  return (node, inputs, g) => {
    const key = keyOf(node, inputs);
    const known = seen.get(key);
    if (known && known.length >= node.outputs.length) return known;
    const options = { domain: node.domain, outputs: node.outputs.length, name: node.name };
    const outputs = g.ops(node.op, inputs, node.attributes, options);
    seen.set(key, outputs);
    return outputs;
  };
}

/** As JSON, in which no name can be taken for two, nor two for one: names come from foreign files, too. */
function keyOf(node: Node, inputs: readonly (Value | null)[]): string {
  const attributes = Object.entries(node.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = inputs.map((value) => value?.name ?? null);
  return JSON.stringify([node.domain, node.op, attributes, names], (_, value) => exactly(value));
}

/** Numbers that JSON doesn't tell from others (-0, NaN, infinities, bigints), as texts in a list: no attribute is one beside these. */
function exactly(value: unknown): unknown {
  if (typeof value === 'bigint') return [String(value)];
  const isPlain = typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0));
  return isPlain ? value : [Object.is(value, -0) ? '-0' : String(value)];
}
