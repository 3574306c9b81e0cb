import { networkPrefix } from '../../distill/step.js';
import { normValues } from '../../foreign/folded-norms.js';
import type { Group } from '../../group/group.js';
import type { Settings } from '../../settings/settings.js';
import { present } from '../../util/error.js';
import type { RunData } from '../data.js';
import { channelMoments } from './channel-moments.js';

/** The group with values for the norms that were put back into its models: see {@link channelMoments}. */
export async function measureNorms(
  group: Group,
  data: RunData,
  settings: Settings,
  check: () => void = () => {},
): Promise<Group> {
  const tensors = new Map(group.weights?.tensors);
  for (const [i, network] of group.begun?.entries() ?? []) {
    if (!network?.restored) continue;
    const { source, norms } = network.restored;
    const values = norms.map(({ output }) => output);
    const moments = await channelMoments({ ...source, values }, data, settings, check);
    for (const [k, norm] of norms.entries()) {
      const own = normValues(norm, present(moments[k], 'its moments'), source);
      for (const [name, value] of own) tensors.set(networkPrefix(i) + name, value);
    }
  }
  return group.weights ? { ...group, weights: { ...group.weights, tensors } } : group;
}
