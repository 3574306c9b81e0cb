import type { NetworkInfo } from '../events/events.js';
import { printable } from './format.js';

/** A name for each network of a group, with its index where a name is there twice: `resnet8 #0`, `resnet8 #1`. */
export function labelNetworks(networks: readonly Pick<NetworkInfo, 'index' | 'name'>[]): string[] {
  const names = networks.map(({ name }) => name);
  return networks.map(({ index, name }) => {
    const alone = names.indexOf(name) === names.lastIndexOf(name);
    return printable(alone ? name : `${name} #${index}`);
  });
}
