import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { unzipSync } from 'fflate';
import type * as playwright from 'playwright-core';
import sharp from 'sharp';
import type { ServedBackbone } from '../../src/demo/backbones.js';
import { type DemoClients, demoSite } from '../../src/demo/demo-site.js';
import { clientAssets } from '../../src/pages/page/client-assets.js';
import { type SiteServer, serveSite } from '../../src/serve/http/server.js';
import { present } from '../../src/util/error.js';

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page with a worker that trains with the stand-in. */
export async function standInClients(): Promise<DemoClients> {
  const { outputFiles } = await build({
    entryPoints: [pathOf('../../src/demo/worker/main.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    target: ['es2022'],
    plugins: [
      {
        name: 'stand-in',
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/browser\/start-training\.js$/ }, () => ({ path: pathOf('stand-in.ts') })),
      },
    ],
  });
  const script = present(outputFiles[0], 'the worker').text;
  return { page: await clientAssets('demo/client/main'), worker: { script, style: '' } };
}

/** Serves the page on any port. */
export async function serveDemoPage(
  options: {
    readonly clients?: DemoClients;
    readonly classes?: readonly string[];
    readonly backbones?: readonly ServedBackbone[];
  } = {},
): Promise<SiteServer> {
  const { clients, classes = [], backbones = [] } = options;
  return serveSite(await demoSite({ classes, backbones }, clients), { port: 0 });
}

/** A page whose faults, and whose requests to elsewhere, are collected. */
export async function openDemo(
  context: playwright.BrowserContext,
  address: string,
  faults: string[],
): Promise<playwright.Page> {
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  context.on('request', (request) => {
    const url = request.url();
    if (!/^(?:data|blob):/.test(url) && new URL(url).origin !== new URL(address).origin) faults.push(url);
    if (request.method() !== 'GET') faults.push(`${request.method()} ${url}`);
  });
  await page.goto(address);
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
  return page;
}

/** Waits until the training is in a state. */
export function untilTraining(page: playwright.Page, state: string, timeout = 30_000): Promise<void> {
  return page.locator(`html[data-training="${state}"]`).waitFor({ state: 'attached', timeout });
}

/** A picture file as a browser takes it from a test. */
export interface PictureFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Pictures of a colour with some noise, each its own. */
export async function colouredPictures(
  colour: readonly [number, number, number],
  count: number,
): Promise<PictureFile[]> {
  const made: PictureFile[] = [];
  for (let n = 0; n < count; n++) {
    let state = 977 * n + colour[0] + 3 * colour[1] + 7;
    const pixels = Uint8Array.from({ length: 60 * 52 * 3 }, (_, i) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.min(255, Math.max(0, (colour[i % 3] ?? 0) + (state >>> 26) - 32));
    });
    const image = sharp(pixels, { raw: { width: 60, height: 52, channels: 3 } });
    made.push({ name: `${n}.png`, mimeType: 'image/png', buffer: await image.png().toBuffer() });
  }
  return made;
}

/** Unpacks a run into a folder; returns the run's own. */
export async function unpackRun(archive: string, folder: string): Promise<string> {
  for (const [path, bytes] of Object.entries(unzipSync(await readFile(archive)))) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return join(folder, 'agon-run');
}
