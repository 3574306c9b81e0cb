import type { FetchOptions } from '../hub/fetched.js';
import { planNetwork } from '../nets/registry.js';
import type { Settings } from '../settings/settings.js';
import type { CatalogueEntry } from '../weights/catalogue.js';
import { readWeightsFile, type WeightsFile } from '../weights/files/weights-file.js';
import type { Provenance } from './provenance.js';
import { type ResolvedWeights, resolveWeights } from './resolve.js';
import { readRunWeights } from './run-weights.js';

/** Weights that a network begins with, and where they are from. */
export interface OpenedWeights extends WeightsFile {
  readonly path: string;
  readonly provenance: Provenance;
  /** The entry of the catalogue, if they are one's. */
  readonly entry?: CatalogueEntry;
}

/** Finds, fetches where needed, and reads the weights that an item of `--pretrained` means for a network. */
export async function openWeights(
  item: string,
  network: Settings['nets'][number],
  options: FetchOptions,
): Promise<OpenedWeights> {
  const resolved = await resolveWeights(item, planNetwork(network).name, options);
  const file = resolved.isRun ? await readRunWeights(resolved.path, network) : await readFile(resolved);
  const { path, provenance, entry, notes } = resolved;
  return { ...file, path, notes: [...notes, ...file.notes], provenance, ...(entry && { entry }) };
}

async function readFile({ path, where, config: known, provenance }: ResolvedWeights): Promise<WeightsFile> {
  const file = await readWeightsFile(path);
  // Nobody knows the places of the cache by heart
  const isFetched = provenance.url !== undefined;
  const beside = file.config && isFetched ? { ...file.config, where: `config.json of ${where}` } : file.config;
  const config = beside ?? known;
  return { ...file, where, ...(config && { config }) };
}
