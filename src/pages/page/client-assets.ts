import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleClient, type ClientAssets } from './bundle-client.js';

const fileOf = (name: string) => fileURLToPath(new URL(`../client/${name}`, import.meta.url));
/** The pages that have a client of their own: a run's report, and the list of runs. */
export type ClientName = 'main' | 'runs';

const assets = new Map<ClientName, Promise<ClientAssets>>();

/** The client of a page: as the package has it, or, where Agon runs from its sources, bundled now. */
export function clientAssets(name: ClientName): Promise<ClientAssets> {
  const loaded = assets.get(name) ?? loadAssets(name);
  assets.set(name, loaded);
  return loaded;
}

async function loadAssets(name: ClientName): Promise<ClientAssets> {
  const source = fileOf(`${name}.ts`);
  if (existsSync(source)) return bundleClient(source);
  const [script, style] = [await readFile(fileOf(`${name}.js`), 'utf8'), await readFile(fileOf(`${name}.css`), 'utf8')];
  return { script, style };
}
