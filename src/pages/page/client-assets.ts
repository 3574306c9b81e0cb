import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleClient, type ClientAssets } from './bundle-client.js';

/** What browsers run of Agon: first files, by their paths in `src` without the ending. `scripts/build.mjs` bundles each. */
export const CLIENTS = [
  'pages/client/main',
  'pages/client/runs',
  'web/client/main',
  'web/worker/main',
  'web/worker/offline',
  'demo/client/main',
  'demo/worker/main',
] as const;
export type Client = (typeof CLIENTS)[number];

const loaded = new Map<Client, Promise<ClientAssets>>();

/** A client of the pages: as the package has it, or, where Agon runs from its sources, bundled now. */
export function clientAssets(client: Client): Promise<ClientAssets> {
  const assets = loaded.get(client) ?? loadAssets(client);
  loaded.set(client, assets);
  return assets;
}

async function loadAssets(client: Client): Promise<ClientAssets> {
  const fileOf = (ending: string) => fileURLToPath(new URL(`../../${client}${ending}`, import.meta.url));
  const source = fileOf('.ts');
  if (existsSync(source)) return bundleClient(source);
  return { script: await readFile(fileOf('.js'), 'utf8'), style: await readFile(fileOf('.css'), 'utf8') };
}
