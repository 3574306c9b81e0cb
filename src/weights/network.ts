import type { Graph } from '../graph/graph.js';
import type { Node } from '../graph/node/node.js';

/** A norm of a network: names of its parameters, and its epsilon. */
export interface Norm {
  readonly weight: string;
  readonly variance: string;
  readonly epsilon: number;
}

/** Names of the parameters of the layer that makes the logits: their sizes are the classes'. */
export function headOf(graph: Graph): Set<string> {
  const head = new Set<string>();
  let node = producerOf(graph, graph.outputs.get('logits'));
  while (node) {
    for (const name of parametersOf(graph, node)) head.add(name);
    if (node.op === 'Gemm' || node.op === 'MatMul' || node.op === 'Conv') break;
    const inner = node.inputs.find((value) => value && graph.producer(value));
    node = producerOf(graph, inner);
  }
  return head;
}

/** The name of the weights of the convolution that sees the images, and how many channels it sees. */
export function stemOf(graph: Graph): { readonly weight: string; readonly channels: number } | undefined {
  const node = graph.nodes.find(({ op }) => op === 'Conv');
  const [weight] = node ? parametersOf(graph, node) : [];
  const channels = weight === undefined ? undefined : graph.parameters.get(weight)?.value.shape[1];
  return weight !== undefined && typeof channels === 'number' ? { weight, channels } : undefined;
}

/** The BatchNormalizations whose weight and variance are parameters. */
export function normsOf(graph: Graph): Norm[] {
  const norms = graph.nodes.filter(({ op }) => op === 'BatchNormalization');
  return norms.flatMap((node) => {
    const [, weight, , , variance] = node.inputs.map((value) => value?.name ?? '');
    const known =
      weight !== undefined && variance !== undefined && graph.parameters.has(weight) && graph.parameters.has(variance);
    return known ? [{ weight, variance, epsilon: node.number('epsilon', 1e-5) }] : [];
  });
}

function producerOf(graph: Graph, value: Parameters<Graph['producer']>[0] | null | undefined): Node | undefined {
  return value ? graph.producer(value) : undefined;
}

function parametersOf(graph: Graph, node: Node): string[] {
  return node.inputs.flatMap((value) =>
    value && graph.parameters.get(value.name)?.value === value ? [value.name] : [],
  );
}
