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
  weights: readonly (Uint8Array | undefined)[] = [],
): Group {
  const sources = nets.map((spec) => {
    const plan = planNetwork(spec);
    return { name: plan.name, spec: { ...plan.spec }, create: (shape: NetworkInput) => buildNetwork(plan, shape) };
  });
  const given = nets.map((_, i) => weights[i]);
  if (given.every((bytes) => bytes === undefined)) return groupOfSources({ sources }, data, input);
  const files = new Map<Uint8Array, OpenedWeights>();
  const opened = given.map((bytes, i) => {
    if (!bytes)
      fail('weights', `there are none for network ${i}`, { expected: `a file for each of the ${nets.length}` });
    const file = files.get(bytes) ?? openFile(bytes, pretrained?.[i] ?? pretrained?.[0] ?? WEIGHTS);
    files.set(bytes, file);
    return file;
  });
  return groupOfSources({ sources, pretrained: opened }, data, input);
}

/** What messages call weights without a name. */
const WEIGHTS = 'the weights';

function openFile(bytes: Uint8Array, name: string): OpenedWeights {
  const { tensors } = readSafetensors(bytes, name);
  return { where: name, path: name, format: 'safetensors', tensors, notes: [], provenance: { given: name, name } };
}
