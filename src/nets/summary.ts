import type { Graph } from '../graph/graph.js';
import { product, quotient } from '../graph/node/dim.js';
import type { Node, Value } from '../graph/node/node.js';
import { present } from '../util/error.js';
import { partsOf } from './parts.js';
import { createNetwork, NETWORKS, planNetwork } from './registry.js';

/** A line of `agon nets`. */
export interface NetworkSummary {
  readonly name: string;
  readonly family: string;
  readonly parameters: number;
  /** For one image's forward pass. */
  readonly multiplyAdds: number;
  /** Height and width of the images that it was counted for: the usual ones of the network. */
  readonly inputSize: number;
  readonly classes: number;
}

/** Every named network on its usual input (or with the given number of classes, or image size). */
export function summariseNetworks(input: { readonly classes?: number; readonly size?: number } = {}): NetworkSummary[] {
  return [...NETWORKS.keys()].map((name) => {
    const { family, usualInput } = planNetwork(name);
    const { classes = usualInput.classes, size = usualInput.size } = input;
    const graph = createNetwork(name, { classes, channels: 3, height: size, width: size });
    const counts = { parameters: countParameters(graph), multiplyAdds: countMultiplyAdds(graph) };
    return { name, family, ...counts, inputSize: size, classes };
  });
}

/** A line of `agon nets <name>`. */
export interface StageSummary {
  readonly stage: string;
  readonly blocks: number;
  /** Weights, without running statistics. */
  readonly parameters: number;
}

/** The stages of a network in order of depth, the head last. */
export function summariseStages(
  name: string,
  input: { readonly classes?: number; readonly size?: number } = {},
): StageSummary[] {
  const { usualInput } = planNetwork(name);
  const { classes = usualInput.classes, size = usualInput.size } = input;
  const graph = createNetwork(name, { classes, channels: 3, height: size, width: size });
  const parts = partsOf(graph);
  return [...new Set(parts.map(({ stage }) => stage))].map((stage) => {
    const own = parts.filter((part) => part.stage === stage);
    const names = own.flatMap(({ parameters }) => parameters);
    return { stage, blocks: own.length, parameters: names.reduce((sum, each) => sum + weightsIn(graph, each), 0) };
  });
}

function weightsIn({ parameters }: Graph, name: string): number {
  const { role, value } = present(parameters.get(name), name);
  return role === 'weight' ? Number(product(value.shape)) : 0;
}

/** How many numbers are trained; buffers don't count. */
export function countParameters(graph: Graph): number {
  let total = 0;
  for (const { role, value } of graph.parameters.values()) if (role === 'weight') total += Number(product(value.shape));
  return total;
}

/** Multiply-adds of the convolutions and matrix products for one image, as torchvision counts its "GFLOPS". */
export function countMultiplyAdds(graph: Graph): number {
  return graph.nodes.reduce((total, node) => total + multiplyAddsOf(node), 0);
}

function multiplyAddsOf(node: Node): number {
  switch (node.op) {
    case 'Conv':
      return (
        perImage(node.output()) *
        node
          .sizes(1)
          .slice(1)
          .reduce((all, size) => all * size, 1)
      );
    case 'Gemm':
      return perImage(node.output()) * node.size(0, node.number('transA', 0) ? 0 : 1);
    case 'MatMul':
      return perImage(node.output()) * node.size(0, node.input(0).shape.length - 1);
    default:
      return 0;
  }
}

/** A value's elements, divided by the batch where that is symbolic. */
function perImage(value: Value): number {
  const elements = product(value.shape);
  return typeof elements === 'number' ? elements : Number(quotient(elements, 'N'));
}
