import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Environment } from '../hub/environment.js';
import { findCached } from '../hub/hub-cache.js';
import { urlPath } from '../hub/url-file.js';
import { type CatalogueEntry, catalogueFor, configOf } from '../weights/catalogue.js';
import { readTimmConfig, type WeightsConfig } from '../weights/files/timm-config.js';

/** Weights of the catalogue that are on this machine. */
export interface WeightsAtHand {
  /** What `--pretrained` calls them. */
  readonly name: string;
  readonly path: string;
  readonly config: WeightsConfig;
}

/** The catalogue's first weights for a network that are in a cache already; undefined where none are. Asks no server. */
export async function weightsAtHand(
  network: string,
  env: Environment = process.env,
): Promise<WeightsAtHand | undefined> {
  for (const entry of catalogueFor(network)) {
    const path = await cachedPath(entry, env);
    if (path === undefined) continue;
    const beside = await readTimmConfig(join(dirname(path), 'config.json')).catch(() => undefined);
    return { name: entry.name, path, config: { ...configOf(entry), ...beside } };
  }
  return undefined;
}

/** Where the weights of an entry are in a cache; undefined where they aren't. */
export async function cachedPath({ repository, url }: CatalogueEntry, env: Environment): Promise<string | undefined> {
  if (repository !== undefined)
    return (await findCached({ repository, revision: 'main', file: 'model.safetensors' }, env))?.path;
  const path = urlPath(url, env);
  return existsSync(path) ? path : undefined;
}
