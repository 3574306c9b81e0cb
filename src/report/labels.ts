import type { NetworkInfo } from '../events/events.js';
import { networkLabels } from '../events/network-labels.js';
import { printable } from './format.js';

/** The labels of networks for a terminal: {@link networkLabels}. */
export function labelNetworks(networks: readonly Pick<NetworkInfo, 'index' | 'name'>[]): string[] {
  return networkLabels(networks).map(printable);
}
