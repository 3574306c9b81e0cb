import { isPeerAddress } from '../../runtime/places/peer-address.js';
import type { PlacedSettings } from './devices-of.js';

/** The addresses of the peers that settings name, each once. */
export function peersOf({ place }: Pick<PlacedSettings, 'place'>): string[] {
  return [...new Set(Object.values(place ?? {}).filter(isPeerAddress))];
}
