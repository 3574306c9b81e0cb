import type { Dataset, Size } from '../data/dataset/dataset.js';
import { type Group, groupOfSources } from '../group/group.js';
import { buildNetwork, type NetworkInput, planNetwork } from '../nets/registry.js';
import { readSafetensors } from '../onnx/safetensors.js';
import type { OpenedWeights } from '../pretrained/open.js';
import type { Settings } from '../settings/settings.js';
import { fail } from '../util/error.js';

/** The networks of a page's run, and what they begin with: of weights that are given, one file for each network that has some. */
export function createPageGroup(
  { nets, pretrained }: Pick<Settings, 'nets' | 'pretrained'>,
  data: Pick<Dataset, 'classes' | 'channels'>,
  input: Size,
  weights: readonly Uint8Array[] = [],
): Group {
  const sources = nets.map((spec) => {
    const plan = planNetwork(spec);
    return { name: plan.name, spec: { ...plan.spec }, create: (shape: NetworkInput) => buildNetwork(plan, shape) };
  });
  if (weights.length === 0) return groupOfSources({ sources }, data, input);
  const files = weights.map((bytes, i) => openFile(bytes, pretrained?.[i] ?? pretrained?.[0] ?? 'the weights'));
  const opened = nets.map((_, i) => {
    return (
      files[weights.length === 1 ? 0 : i] ??
      fail('weights', 'how many files there are', {
        expected: `one for all networks, or one for each of the ${nets.length}`,
        got: String(weights.length),
      })
    );
  });
  return groupOfSources({ sources, pretrained: opened }, data, input);
}

function openFile(bytes: Uint8Array, name: string): OpenedWeights {
  const { tensors } = readSafetensors(bytes, name);
  return { where: name, path: name, format: 'safetensors', tensors, notes: [], provenance: { given: name, name } };
}
