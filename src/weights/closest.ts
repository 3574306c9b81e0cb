import { createNetwork, NETWORKS, planNetwork } from '../nets/registry.js';
import type { WeightsFile } from './files/weights-file.js';
import { fitOf } from './fit.js';

/** A network of the zoo and how well a file's weights go with it. */
export interface Closest {
  readonly network: string;
  /** The smaller one of two shares: of the network's numbers that the file has, and of the file's that the network takes; 0 to 1. */
  readonly share: number;
}

/** The network of the zoo, or of those that are named, that a file's weights fit best, by names and shapes; of equal ones the first. */
export function closestNetwork(file: Pick<WeightsFile, 'tensors'>, among: Iterable<string> = NETWORKS.keys()): Closest {
  let best: Closest = { network: '', share: -1 };
  for (const network of among) {
    const { size, classes } = planNetwork(network).usualInput;
    const { found, used } = fitOf(createNetwork(network, { classes, channels: 3, height: size, width: size }), file);
    const share = Math.min(found, used);
    if (share > best.share) best = { network, share };
  }
  return best;
}
