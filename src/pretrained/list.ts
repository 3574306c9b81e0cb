import type { Environment } from '../hub/environment.js';
import { planNetwork } from '../nets/registry.js';
import { CATALOGUE, type CatalogueEntry, catalogueFor } from '../weights/catalogue.js';
import { cachedPath } from './at-hand.js';

/** Weights of the catalogue, and whether they are on this machine. */
export interface ListedWeights
  extends Pick<CatalogueEntry, 'name' | 'network' | 'url' | 'licence' | 'megabytes' | 'top1' | 'sha256'> {
  /** Whether `--pretrained auto` takes them. */
  readonly auto: boolean;
  /** Where they come from, in short. */
  readonly source: string;
  /** Where they are, if they are here. */
  readonly path?: string;
}

/** The catalogue, or its part for one network. Asks no server. */
export async function listWeights(network: string | undefined, env: Environment): Promise<ListedWeights[]> {
  const wanted = network === undefined ? CATALOGUE : catalogueFor(planNetwork(network).name);
  return Promise.all(wanted.map((entry) => listed(entry, env)));
}

async function listed(entry: CatalogueEntry, env: Environment): Promise<ListedWeights> {
  const { preprocessing: _, classes: __, repository, sha256Begins: ___, ...known } = entry;
  const path = await cachedPath(entry, env);
  return {
    ...known,
    auto: catalogueFor(entry.network)[0] === entry,
    source: repository === undefined ? new URL(entry.url).host : `hf:${repository}`,
    ...(path !== undefined && { path }),
  };
}
