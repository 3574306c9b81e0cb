import type { NetworkInfo } from './events.js';

/** A name for each network of a group, with its index where a name is there twice: `resnet8 #0`, `resnet8 #1`. */
export function networkLabels(networks: readonly Pick<NetworkInfo, 'index' | 'name'>[]): string[] {
  const names = networks.map(({ name }) => name);
  return networks.map(({ index, name }) => {
    return names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} #${index}`;
  });
}
