import type { Graph } from '../graph/graph.js';
import type { Node, Value } from '../graph/node/node.js';

/** The end of a network that averages a feature map over its positions and makes logits of the means by one linear layer. */
export interface LinearHead {
  /** The feature map, [N, channels, height, width]. */
  readonly map: Value;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** The parameter with the layer's weights: [classes, channels], or [channels, classes]. */
  readonly weight: string;
  readonly order: 'class-first' | 'channel-first';
}

/** How a network ends, if it ends so. What changes nothing in inference between the two, as Dropout, is passed over. */
export function linearHeadOf(graph: Graph): LinearHead | undefined {
  const logits = graph.outputs.get('logits');
  const layer = logits && linearLayer(graph, logits);
  if (!layer) return undefined;
  const [pooled, { name: weight }] = [layer.input(0), layer.input(1)];
  const map = pooledMap(graph, pooled);
  const [, channels, height, width] = map?.shape ?? [];
  if (!map || typeof channels !== 'number' || typeof height !== 'number' || typeof width !== 'number') return undefined;
  if (pooled.shape.length !== 2 || pooled.shape[1] !== channels || !graph.parameters.has(weight)) return undefined;
  const isClassFirst = layer.op === 'Gemm' && layer.number('transB', 0) === 1;
  return { map, channels, height, width, weight, order: isClassFirst ? 'class-first' : 'channel-first' };
}

/** The layer that makes the logits, with a bias or without. */
function linearLayer(graph: Graph, logits: Value): Node | undefined {
  const last = graph.producer(logits);
  if (last?.op === 'Gemm') {
    const isPlain = last.number('alpha', 1) === 1 && last.number('beta', 1) === 1 && last.number('transA', 0) === 0;
    return isPlain ? last : undefined;
  }
  if (last?.op !== 'Add') return last?.op === 'MatMul' ? last : undefined;
  const [one, other] = [last.input(0), last.input(1)];
  const [product, bias] = graph.parameters.has(one.name) ? [other, one] : [one, other];
  const layer = graph.producer(product);
  return layer?.op === 'MatMul' && graph.parameters.has(bias.name) ? layer : undefined;
}

/** Nodes that keep the channels of one position in their order. */
const PASSED_OVER = ['Flatten', 'Reshape', 'Squeeze', 'Identity', 'Dropout'];

/** The feature map whose means some value holds. */
function pooledMap(graph: Graph, pooled: Value): Value | undefined {
  let node = graph.producer(pooled);
  while (node && PASSED_OVER.includes(node.op)) node = graph.producer(node.input(0));
  if (node?.op === 'GlobalAveragePool') return node.input(0);
  return node?.op === 'ReduceMean' && isOverPositions(graph, node) ? node.input(0) : undefined;
}

/** Whether a mean of [N, C, H, W] is that over H and W. */
function isOverPositions(graph: Graph, node: Node): boolean {
  const [map, given] = node.inputs;
  const axes = node.has('axes') ? node.numbers('axes') : given && graph.knownIntegers.get(given);
  const own = axes?.map((axis) => (typeof axis === 'number' && axis < 0 ? axis + 4 : axis));
  return map?.shape.length === 4 && own?.length === 2 && own.includes(2) && own.includes(3);
}
