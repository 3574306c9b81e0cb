import type { Graph } from '../graph/graph.js';
import type { Node, Value } from '../graph/node/node.js';

/** The layer of a classifier that makes the class scores, and what follows it. */
export interface Head {
  readonly layer: Node;
  /** The parameter whose one axis is the classes. */
  readonly weight: { readonly name: string; readonly axis: number };
  /** The layer, and the nodes from it to the scores. */
  readonly nodes: ReadonlySet<Node>;
}

/** Operators between the layer and the scores: they work on each class alone, or only move the numbers. */
const AFTER = new Set([
  ...['Identity', 'Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Transpose', 'Dropout', 'Cast'],
  ...['Add', 'Sub', 'Mul', 'Div', 'Relu', 'LeakyRelu', 'Clip', 'BatchNormalization', 'Log', 'Softmax', 'LogSoftmax'],
  ...['GlobalAveragePool', 'GlobalMaxPool', 'AveragePool', 'ReduceMean'],
]);

/** The head of a graph with an output `logits`; or the node at which the search for it ended, undefined at the input. */
export function findHead(graph: Graph): Head | { readonly obstacle: Node | undefined } {
  const nodes = new Set<Node>();
  let value = graph.outputs.get('logits');
  for (;;) {
    const node = value && graph.producer(value);
    if (!node) return { obstacle: undefined };
    nodes.add(node);
    const weight = weightOf(graph, node);
    if (weight) return { layer: node, weight, nodes };
    const computed: readonly Value[] = node.inputs.flatMap((input) => (input && graph.producer(input) ? [input] : []));
    if (!AFTER.has(node.op) || computed.length !== 1) return { obstacle: node };
    value = computed[0];
  }
}

/** Whether a search found a head. */
export function isHead(found: ReturnType<typeof findHead>): found is Head {
  return 'layer' in found;
}

function weightOf({ parameters }: Graph, { op, inputs, attributes }: Node): Head['weight'] | undefined {
  const name = inputs[1]?.name ?? '';
  const rank = parameters.get(name)?.value.shape.length;
  if (rank === undefined) return undefined;
  if (op === 'Gemm') return { name, axis: attributes.transB ? 0 : 1 };
  if (op === 'MatMul' && rank === 2) return { name, axis: 1 };
  return op === 'Conv' && (attributes.group ?? 1) === 1 ? { name, axis: 0 } : undefined;
}
