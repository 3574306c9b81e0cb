import type { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/node/node.js';

/**
 * The order in which ONNX Runtime executes a graph's nodes by default: depth first backwards from the nodes that no other one needs, the
 * last of them first, and of a node's producers the last one first (`GraphViewer`, `Graph::ReverseDFSFrom`).
 */
export function executionOrder(graph: Graph): Node[] {
  const index = new Map(graph.nodes.map((node, i) => [node, i]));
  const used = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const pending: { readonly node: Node; readonly leave: boolean }[] = graph.nodes
    .filter(({ outputs }) => !outputs.some((value) => used.has(value)))
    .map((node) => ({ node, leave: false }));
  const visited = new Set<Node>();
  const order: Node[] = [];
  for (let entry = pending.pop(); entry; entry = pending.pop()) {
    const { node, leave } = entry;
    if (leave) order.push(node);
    if (leave || visited.has(node)) continue;
    visited.add(node);
    pending.push({ node, leave: true });
    const producers = [...new Set(node.inputs.flatMap((value) => producerOf(graph, value)))];
    producers.sort((a, b) => (index.get(a) ?? 0) - (index.get(b) ?? 0));
    for (const producer of producers) if (!visited.has(producer)) pending.push({ node: producer, leave: false });
  }
  return order;
}

function producerOf(graph: Graph, value: Value | null): Node[] {
  const producer = value ? graph.producer(value) : undefined;
  return producer ? [producer] : [];
}
