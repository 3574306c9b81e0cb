import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as playwright from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IMAGE } from '../../src/foreign/image-input.js';
import { float32Data, tensor } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { Session } from '../../src/runtime/session.js';
import { present } from '../../src/util/error.js';
import { pageFiles, writePageFolder } from '../../src/web/page-folder.js';
import { runtimeFiles } from '../../src/web/runtime-files.js';
import { linearModel } from './linear-model.js';
import { CHROMIUM, classify, launch, openPage, ready, serve, stop } from './page-browser.js';

/** Names that would be markup, a command of the terminal, or another direction of writing. */
const CLASSES = ['<img src=x onerror=alert(1)>', '\u202egpj', `long${'-name'.repeat(40)}`, '=1+1', 'plain', "it's"];
const SHARED = fileURLToPath(new URL('../../../shared/data/images/ants_and_bees/val/bees', import.meta.url));

/** What the page's own scope has that the compiler doesn't know here. */
declare const document: { readonly documentElement: { readonly scrollWidth: number } };
declare const axe: { run(): Promise<{ readonly violations: readonly { readonly id: string }[] }> };

async function photographs(folder: string): Promise<string[]> {
  const made = [
    sharp(noise(61, 47), { raw: { width: 61, height: 47, channels: 3 } }).png(),
    // Lies on its side until its orientation is applied.
    sharp(noise(40, 90), { raw: { width: 40, height: 90, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 90 }),
    sharp(noise(33, 33), { raw: { width: 33, height: 33, channels: 3 } }).webp({ lossless: true }),
  ];
  const paths = ['a.png', 'b.jpg', 'c.webp'].map((name) => join(folder, name));
  for (const [i, image] of made.entries()) await image.toFile(present(paths[i], 'its path'));
  return paths;
}

function noise(width: number, height: number): Uint8Array {
  let state = width;
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 100 + 80 * Math.sin(i / 70) + (state >>> 26);
  });
}

/** What a model says in Node.js of images as sharp decodes them: per image, a probability per class. */
async function inNode(model: Uint8Array, paths: readonly string[]): Promise<number[][]> {
  const session = await Session.open(model, { device: CPU });
  const rows: number[][] = [];
  for (const path of paths) {
    const image = sharp(path).rotate().toColourspace('srgb').removeAlpha();
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    const feeds = { [IMAGE]: tensor('uint8', [1, info.height, info.width, 3], new Uint8Array(data)) };
    const results = await session.run(feeds, ['probabilities']);
    rows.push(Array.from(float32Data(present(results.get('probabilities'), 'probabilities'))));
  }
  await session.close();
  return rows;
}

/** 47 of shared's photographs, where it is there. */
function realPhotographs(): string[] {
  if (!existsSync(SHARED)) return [];
  return readdirSync(SHARED)
    .slice(0, 47)
    .map((name) => join(SHARED, name));
}

const inOrder = (row: readonly number[]) => row.map((_, c) => c).sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0));
const most = (row: readonly number[]) => row.indexOf(Math.max(...row));

describe.skipIf(!CHROMIUM)('the page of a model, in Chromium', () => {
  const model = linearModel(CLASSES);
  let root: string;
  let runtime: Awaited<ReturnType<typeof runtimeFiles>>;
  let files: Awaited<ReturnType<typeof pageFiles>>;
  let browser: playwright.Browser;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'agon-web-'));
    runtime = await runtimeFiles();
    files = await pageFiles(model, runtime);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(root, { recursive: true, force: true });
  });

  it('answers as Node.js does, also without its server, and asks nobody else', async () => {
    const faults: string[] = [];
    const { address, server, asked } = await serve(files);
    const context = await browser.newContext();
    const page = await openPage(context, address, faults);
    expect(await ready(page)).toBe('The model is ready.');
    // Of the two ways to run it, what a browser without WebGPU needs
    expect(asked.filter((path) => path.endsWith('.wasm'))).toEqual(['onnxruntime/ort-wasm-simd-threaded.wasm']);
    const paths = [...(await photographs(root)), ...realPhotographs()];
    const before = await classify(page, paths);
    for (const [i, expected] of (await inNode(model, paths)).entries()) {
      const name = basename(present(paths[i], 'its path'));
      const got = present(before.get(name), name).slice(3).map(Number);
      expect(most(got), name).toBe(most(expected));
      for (const [c, value] of expected.entries()) expect(got[c], `${name}, class ${c}`).toBeCloseTo(value, 3);
    }
    await stop(server);
    await page.reload();
    expect(await ready(page)).toBe('The model is ready.');
    const after = await classify(page, paths.slice(0, 3));
    for (const [name, cells] of after) expect(cells.slice(3)).toEqual(before.get(name)?.slice(3));
    expect(faults).toEqual([]);
    await context.close();
  });

  it('sees by the camera, shows hostile names as they are, and gives axe nothing to complain of', async () => {
    const faults: string[] = [];
    const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const image = {
      name: '"><script>alert(1)</script>.png',
      mimeType: 'image/png',
      buffer: await readFile(join(root, 'a.png')),
    };
    const none = { name: 'none.png', mimeType: 'image/png', buffer: Buffer.from('no image') };
    for (const [colorScheme, width, activation] of [
      ['light', 1200, 'Softmax'],
      ['dark', 390, 'Sigmoid'],
    ] as const) {
      const own = linearModel(CLASSES, activation);
      const { address, server } = await serve(await pageFiles(own, runtime), { isolated: width === 1200 });
      const viewport = { width, height: 800 };
      const context = await browser.newContext({ bypassCSP: true, colorScheme, viewport, permissions: ['camera'] });
      const page = await openPage(context, address, faults);
      await ready(page);
      await page.locator('#camera-start').click();
      await page.locator('#camera-answer .bars').waitFor();
      await page.locator('#files').setInputFiles([image, none]);
      await page.locator('#progress', { hasText: '1 image classified, 1 could not be read.' }).waitFor();
      expect(await page.locator('.card .file').allInnerTexts()).toEqual(['none.png', image.name]);
      const [row = []] = await inNode(own, [join(root, 'a.png')]);
      const said = activation === 'Softmax' ? [most(row)] : inOrder(row).filter((c) => (row[c] ?? 0) >= 0.5);
      const names = said.map((c) => CLASSES[c]?.replace('\u202e', '?'));
      expect(await page.locator('.card .said').last().innerText()).toBe(names.join(', '));
      expect(await page.locator('.card img, .card script').count()).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await page.evaluate(axeSource);
      const { violations } = await page.evaluate(() => axe.run());
      expect(violations.map(({ id }) => id)).toEqual([]);
      await page.locator('#camera-stop').click();
      expect(await page.locator('#camera').isHidden()).toBe(true);
      await context.close();
      await stop(server);
    }
    expect(faults).toEqual([]);
  });

  it('refuses to run a model that answers otherwise than in Node.js', async () => {
    const page = JSON.parse(String(files.get('page.json'))) as { check: { probabilities: number[] } };
    page.check.probabilities.reverse();
    const { address, server } = await serve(new Map([...files, ['page.json', JSON.stringify(page)]]));
    const context = await browser.newContext();
    const opened = await openPage(context, address, []);
    expect(await ready(opened)).toContain('differ from those of Node.js by');
    await context.close();
    await stop(server);
  });
});

describe('the folder of a page', () => {
  it('takes the place of another such folder, but of nothing else', async () => {
    const root = await mkdtemp(join(tmpdir(), 'agon-web-'));
    try {
      const model = linearModel(['a', 'b']);
      const files = await pageFiles(model, new Map([['onnxruntime/x.mjs', 'x']]));
      const folder = join(root, 'page');
      for (let i = 0; i < 2; i++) await writePageFolder(folder, files);
      await writeFile(join(folder, 'onnxruntime', 'mine.txt'), 'mine');
      await expect(writePageFolder(folder, files)).rejects.toThrow('"onnxruntime/mine.txt" is in this folder');
      await writeFile(join(root, 'note.txt'), 'mine');
      await expect(writePageFolder(root, files)).rejects.toThrow('other files than the page of a model');
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
