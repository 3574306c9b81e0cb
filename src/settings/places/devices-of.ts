import { isModelFile, modelName } from '../../nets/model-file.js';
import { planNetwork } from '../../nets/registry.js';
import { ANOTHER_PEER, isPeerAddress } from '../../runtime/places/peer-address.js';
import { at } from '../../util/checked.js';
import { type ErrorDetail, fail } from '../../util/error.js';
import { nearest } from '../../util/suggest.js';

/** What of a run's settings says where its networks are. */
export interface PlacedSettings {
  readonly place: Readonly<Record<string, string>> | null;
  readonly nets: readonly (string | { readonly family: string })[];
  readonly artifacts: string | null;
  readonly device: string;
}

/**
 * The device of each network, or the address of its peer: where `place` puts it, else the device of the run. A name that is none of the
 * networks is an error, and so is a peer of two.
 */
export function devicesOf({ place, nets, artifacts, device }: PlacedSettings): string[] {
  const names = namesOf({ nets, artifacts });
  const chosen = new Map<number, { readonly key: string; readonly device: string }>();
  for (const [key, own] of Object.entries(place ?? {})) {
    const index = indexOf(key, names);
    const twice = chosen.get(index);
    if (twice) failPlace(key, `network ${index} is there as "${twice.key}" already`, { hint: 'Leave one of them out' });
    const sharing = isPeerAddress(own) && [...chosen.values()].find(({ device }) => device === own);
    if (sharing) failPlace(key, `${own} has network "${sharing.key}" already`, { hint: ANOTHER_PEER });
    chosen.set(index, { key, device: own });
  }
  return names.map((_, i) => chosen.get(i)?.device ?? device);
}

/** What reports call the networks, without their numbers. */
function namesOf({ nets, artifacts }: Pick<PlacedSettings, 'nets' | 'artifacts'>): string[] {
  return nets.map((net) => {
    // Those of an artifact have names of their own
    if (artifacts !== null && typeof net === 'string') return net;
    return isModelFile(net) ? modelName(net) : planNetwork(net).name;
  });
}

/** The network that a key names: `resnet20`, its number `1`, or as reports label networks of one name, `resnet20 #1`. */
function indexOf(key: string, names: readonly string[]): number {
  const same = names.flatMap((name, i) => (name === key ? [i] : []));
  if (same.length === 1) return at(same, 0);
  if (same.length > 1) {
    failPlace(key, `${same.length} networks have this name`, {
      hint: `Name them by their numbers: ${same.map((i) => `${i}=...`).join(',')}`,
    });
  }
  const [, name, number] = /^(.*?)\s*#?(\d+)$/.exec(key) ?? [];
  const index = Number(number ?? Number.NaN);
  if (index < names.length && (name === '' || name === names[index])) return index;
  return failUnknown(key, names);
}

function failUnknown(key: string, names: readonly string[]): never {
  const match = nearest(
    key,
    names.filter((name) => names.indexOf(name) === names.lastIndexOf(name)),
  );
  const list = names.map((name, i) => `${i} (${name})`).join(', ');
  return failPlace(key, 'there is no such network', {
    hint: match ? `Did you mean "${match}"?` : `The networks are ${list}`,
  });
}

function failPlace(key: string, what: string, detail: ErrorDetail): never {
  return fail('settings', `place.${key}: ${what}`, detail);
}
