import type { Graph } from '../graph/graph.js';
import type { Node, Value } from '../graph/node/node.js';
import { activeValues, type Layer } from './network-layers.js';

/**
 * The layers of a network's head: those after its last pooling. Where that has none after it (SqueezeNet), or there is no pooling
 * (transformers, perceptrons) or one to several positions (VGG), the last layer with a matrix of weights, and what follows it.
 */
export function headOf(graph: Graph, layers: readonly Layer[]): Set<Layer> {
  const pooled = collect(graph, layers, isPooling);
  const hasMatrix = pooled && [...pooled].some(({ isNormalisation }) => !isNormalisation);
  if (hasMatrix) return pooled;
  const layerOf = new Map(layers.map((layer) => [layer.node, layer]));
  return (
    collect(
      graph,
      layers,
      () => false,
      (node) => layerOf.get(node)?.isNormalisation === false,
    ) ?? new Set()
  );
}

/**
 * The layers on the way from the logits back to the nodes that end it: without those that `stops`, with those that are the `last`. Undefined
 * where some way comes to a map or to the images before.
 */
function collect(
  graph: Graph,
  layers: readonly Layer[],
  stops: (node: Node) => boolean,
  last?: (node: Node) => boolean,
): Set<Layer> | undefined {
  const active = activeValues(graph);
  const seen = new Set<Node>();
  const logits = graph.outputs.get('logits');
  const open = logits ? [logits] : [];
  for (let value = open.pop(); value; value = open.pop()) {
    const node = graph.producer(value);
    if (!node || (!last && isMap(value))) return undefined;
    if (seen.has(node) || stops(node)) continue;
    seen.add(node);
    if (!last?.(node)) for (const input of node.inputs) if (input && active.has(input)) open.push(input);
  }
  return new Set(layers.filter(({ node }) => seen.has(node)));
}

const POOLINGS = ['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'];
const REDUCTIONS = ['ReduceMean', 'ReduceMax', 'ReduceSum', 'AveragePool', 'MaxPool'];

/** Whether a node makes one position of many. */
function isPooling({ op, inputs, outputs }: Node): boolean {
  const [from, to] = [inputs[0], outputs[0]];
  if (POOLINGS.includes(op)) return true;
  return REDUCTIONS.includes(op) && !!from && !!to && from.shape.length > 2 && !isMap(to);
}

/** Whether a value has several positions: [N, C, H, W] but for 1x1, or [N, positions, C]. */
function isMap({ shape }: Value): boolean {
  return shape.length > 2 && shape.slice(2).some((size) => size !== 1);
}
