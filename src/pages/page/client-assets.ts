import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleClient, type ClientAssets } from './bundle-client.js';

const fileOf = (name: string) => fileURLToPath(new URL(`../client/${name}`, import.meta.url));
let assets: Promise<ClientAssets> | undefined;

/** The client of the pages: as the package has it, or, where Agon runs from its sources, bundled now. */
export function clientAssets(): Promise<ClientAssets> {
  assets ??= loadAssets();
  return assets;
}

async function loadAssets(): Promise<ClientAssets> {
  const source = fileOf('main.ts');
  if (existsSync(source)) return bundleClient(source);
  const [script, style] = [await readFile(fileOf('main.js'), 'utf8'), await readFile(fileOf('main.css'), 'utf8')];
  return { script, style };
}
