import { type Device, deviceOf } from '../runtime/device.js';
import { isPeerAddress } from '../runtime/places/peer-address.js';
import { devicesOf } from '../settings/places/devices-of.js';
import type { Settings } from '../settings/settings.js';

type PlacedSettings = Pick<Settings, 'device' | 'allowFallback' | 'place' | 'nets' | 'artifacts'>;

/** The place of each network of a group, in their order: a device of this process, or the address of a peer. */
export function networkPlaces(settings: PlacedSettings): (Device | string)[] {
  return devicesOf(settings).map((device) => (isPeerAddress(device) ? device : deviceOf({ ...settings, device })));
}

/** The device of this process that evaluates each network: the one that it trains on, or the run's own where it trains at a peer. */
export function networkDevices(settings: PlacedSettings): Device[] {
  return networkPlaces(settings).map((place) => (typeof place === 'string' ? deviceOf(settings) : place));
}
