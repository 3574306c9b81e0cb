import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { headOf } from './head.js';
import { type Layer, layersOf } from './network-layers.js';

/** Layers of a network that belong together: a block, or a layer that stands alone. */
export interface Part {
  /** `conv1`, `layer1.0`, `features.3`, `stage2.4`, `head`. */
  readonly name: string;
  /** `conv1`, `layer1`, `features.3`, `stage2`, `head`. */
  readonly stage: string;
  /** Names of its weights and running statistics. */
  readonly parameters: readonly string[];
}

/** The last part of every network. */
export const HEAD = 'head';

interface OpenPart extends Part {
  readonly parameters: string[];
}

/**
 * A network's parameters in order of depth. Blocks are known by torchvision's names for them (also timm's, and those of Wide ResNets); in
 * networks whose parameters have other names, every layer is a part, and a stage ends where feature maps shrink. What comes
 * after the last pooling is the head; where nothing with weights does, the last layer is.
 */
export function partsOf(graph: Graph): Part[] {
  const layers = layersOf(graph);
  const head = headOf(graph, layers);
  const backbone = layers.filter((layer) => !head.has(layer));
  const parts = isNamed(backbone) ? byName(backbone) : bySize(backbone);
  const last = layers.filter((layer) => head.has(layer)).flatMap(({ parameters }) => parameters);
  return [...parts, { name: HEAD, stage: HEAD, parameters: last }];
}

/** The stages of a network without its head, in order of depth. */
export function stagesOf(graph: Graph): string[] {
  return [...new Set(partsOf(graph).map(({ stage }) => stage))].filter((stage) => stage !== HEAD);
}

/** A block's path, and in brackets its stage. */
const BLOCKS = [
  /^(layer\d+)\.\d+(?=\.)/,
  /^(features\.\d+)(?=\.)/,
  /^(block\d+)\.layer\.\d+(?=\.)/,
  /^(blocks\.\d+)\.\d+(?=\.)/,
];

function blockOf({ parameters: [first = ''] }: Layer): Pick<Part, 'name' | 'stage'> | undefined {
  for (const pattern of BLOCKS) {
    const [name, stage] = pattern.exec(first) ?? [];
    if (name !== undefined && stage !== undefined) return { name, stage };
  }
  return undefined;
}

function isNamed(layers: readonly Layer[]): boolean {
  return new Set(layers.flatMap((layer) => blockOf(layer)?.name ?? [])).size > 1;
}

function byName(layers: readonly Layer[]): Part[] {
  const parts = new Map<string, OpenPart>();
  let last: OpenPart | undefined;
  for (const layer of layers) {
    const alone = layer.parameters[0]?.split('.')[0] ?? '';
    const { name, stage } = blockOf(layer) ?? (layer.isNormalisation && last ? last : { name: alone, stage: alone });
    last = parts.get(name) ?? { name, stage, parameters: [] };
    parts.set(name, last);
    last.parameters.push(...layer.parameters);
  }
  return [...parts.values()];
}

/** A normalisation, a bias that is added, and what weighs channels (squeeze and excitation) belong to the layer before them. */
function bySize(layers: readonly Layer[]): Part[] {
  const parts: OpenPart[] = [];
  let [stage, inStage, smallest] = [0, 0, Number.POSITIVE_INFINITY];
  for (const { node, parameters, isNormalisation } of layers) {
    const size = positionsOf(node.outputs[0]);
    const last = parts.at(-1);
    if (last && (isNormalisation || size === 1)) {
      last.parameters.push(...parameters);
      continue;
    }
    if (!last || (size !== undefined && size < smallest)) [stage, inStage] = [stage + 1, 0];
    smallest = Math.min(smallest, size ?? smallest);
    parts.push({ name: `stage${stage}.${inStage++}`, stage: `stage${stage}`, parameters: [...parameters] });
  }
  return parts;
}

/** Positions of a map [N, C, H, W] of known size. */
function positionsOf(value: Value | undefined): number | undefined {
  const [, , height, width, ...others] = value?.shape ?? [];
  return typeof height === 'number' && typeof width === 'number' && others.length === 0 ? height * width : undefined;
}
