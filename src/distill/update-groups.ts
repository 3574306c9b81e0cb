import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { partsOf } from '../nets/parts.js';
import { networkPrefix } from './names.js';
import type { StepSettings } from './step-schema.js';

/** How the update of some weights differs from that of others, as PyTorch's parameter groups do. */
export interface UpdateGroup {
  /** Their learning rate over that of the settings. */
  readonly rate: number;
  /** Whether the settings' weight decay is for them. */
  readonly decays: boolean;
}

type GroupSettings = Pick<StepSettings, 'layerDecay' | 'headLrFactor' | 'normWeightDecay'>;

/**
 * The group of each weight of a step: rates fall by depth as timm's `layer_decay` has them, counted from the head in blocks; without
 * weight decay are, where the settings say so, what timm leaves out: parameters of at most one dimension, and biases. What a step adds to the
 * networks (projections) has the rate of the settings.
 */
export function updateGroups(networks: readonly Graph[], settings: GroupSettings): (weight: Value) => UpdateGroup {
  const rates = new Map(networks.flatMap((network, i) => ratesOf(network, networkPrefix(i), settings)));
  return ({ name, shape }) => ({
    rate: rates.get(name) ?? 1,
    decays: settings.normWeightDecay || !(shape.length <= 1 || name.endsWith('.bias')),
  });
}

function ratesOf(network: Graph, prefix: string, { layerDecay, headLrFactor }: GroupSettings): [string, number][] {
  if (layerDecay === 1 && headLrFactor === 1) return [];
  const parts = partsOf(network);
  const head = parts.length - 1;
  return parts.flatMap(({ parameters }, i) => {
    const rate = layerDecay ** (head - i) * (i === head ? headLrFactor : 1);
    return parameters.map((name): [string, number] => [prefix + name, rate]);
  });
}
