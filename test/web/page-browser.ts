import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative } from 'node:path';
import * as playwright from 'playwright-core';

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** WebGPU by the software driver that comes with Chromium. */
const SOFTWARE_WEBGPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--ignore-gpu-blocklist',
];
/** A camera that shows a made-up picture. */
const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

export function launch({ webgpu = false } = {}): Promise<playwright.Browser> {
  const args = ['--no-sandbox', '--disable-background-networking', ...CAMERA];
  return playwright.chromium.launch({
    executablePath: CHROMIUM as string,
    args: [...args, ...(webgpu ? SOFTWARE_WEBGPU : ['--disable-gpu'])],
  });
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** The files of a folder, by their paths in it. */
export async function filesOf(folder: string): Promise<Map<string, Uint8Array | string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const read = paths.map(async (path) => [relative(folder, path), await readFile(path)] as const);
  return new Map(await Promise.all(read));
}

/** A server of files, with the headers for threads if they are wanted. */
export async function serve(
  files: ReadonlyMap<string, Uint8Array | string>,
  { isolated = false } = {},
): Promise<{ address: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const headers = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname.slice(1) || 'index.html';
    asked.push(path);
    response.writeHead(files.has(path) ? 200 : 404, {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      ...(isolated && headers),
    });
    response.end(files.get(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked, server };
}

export function stop(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

/** Waits until the model is open; what the page says if it can't be. */
export async function ready(page: playwright.Page, patience = 60_000): Promise<string> {
  const state = page.locator('html[data-ready], #status.wrong').first();
  await state.waitFor({ state: 'attached', timeout: patience });
  return page.locator('#status').innerText();
}

/** A page whose faults, and whose requests to elsewhere, are collected. */
export async function openPage(
  context: playwright.BrowserContext,
  address: string,
  faults: string[],
): Promise<playwright.Page> {
  const page = await context.newPage();
  page.on('console', (message) => faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(error.message));
  context.on('request', (request) => {
    const url = request.url();
    if (!/^(?:data|blob):/.test(url) && new URL(url).origin !== new URL(address).origin) faults.push(url);
  });
  await page.goto(address);
  return page;
}

/** Gives the page images, and what it says of each, as its CSV file has it: per file the probabilities. */
export async function classify(
  page: playwright.Page,
  files: readonly string[],
  patience = 60_000,
): Promise<Map<string, string[]>> {
  await page.locator('#files').setInputFiles([...files]);
  await page.locator('#progress', { hasText: /classified/ }).waitFor({ timeout: patience });
  const download = page.waitForEvent('download');
  await page.locator('#csv').click();
  const text = await readFile(await (await download).path(), 'utf8');
  const lines = text
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
  return new Map(lines.map(([name, ...cells]) => [name as string, cells]));
}
