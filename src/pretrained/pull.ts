import { dirname, join } from 'node:path';
import type { FetchOptions } from '../hub/fetched.js';
import { NETWORKS } from '../nets/registry.js';
import { fail } from '../util/error.js';
import { suggestion } from '../util/suggest.js';
import { CATALOGUE } from '../weights/catalogue.js';
import { readTimmConfig } from '../weights/files/timm-config.js';
import { parseSource } from '../weights/source.js';
import type { Provenance } from './provenance.js';
import { resolveWeights } from './resolve.js';

/** Weights that are in the cache now. */
export interface PulledWeights extends Omit<Provenance, 'given'> {
  readonly path: string;
  /** Whether they were fetched now. */
  readonly fresh: boolean;
  /** Whether they are the catalogue's. */
  readonly catalogued: boolean;
  readonly notes: readonly string[];
}

/** Fetches weights by a name of the catalogue, a network's name, `hf:owner/name` or an address, where the cache has none or older ones. */
export async function pullWeights(name: string, options: FetchOptions): Promise<PulledWeights> {
  const isNetwork = NETWORKS.has(name);
  if (!isNetwork && ['path', 'auto'].includes(parseSource(name).kind)) failName(name);
  const resolved = await resolveWeights(isNetwork ? 'auto' : name, name, { ...options, refresh: true });
  const { path, fresh, notes, entry, config } = resolved;
  const { given: _, ...provenance } = resolved.provenance;
  const beside = await readTimmConfig(join(dirname(path), 'config.json'));
  const licence = provenance.licence ?? config?.licence ?? beside?.licence;
  return {
    ...provenance,
    ...(licence !== undefined && { licence }),
    path,
    fresh,
    catalogued: entry !== undefined,
    notes,
  };
}

function failName(name: string): never {
  const names = [...CATALOGUE.map((entry) => entry.name), ...new Set(CATALOGUE.map(({ network }) => network))];
  fail('weights', `nothing is known by the name "${name}"`, {
    hint: name === 'auto' ? 'Name the network: agon weights pull resnet18' : suggestion(name, names),
  });
}
