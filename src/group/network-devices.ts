import { type Device, deviceOf } from '../runtime/device.js';
import { devicesOf } from '../settings/places/devices-of.js';
import type { Settings } from '../settings/settings.js';

/** The device of each network of a group, in their order. */
export function networkDevices(
  settings: Pick<Settings, 'device' | 'allowFallback' | 'place' | 'nets' | 'artifacts'>,
): Device[] {
  return devicesOf(settings).map((device) => deviceOf({ ...settings, device }));
}
