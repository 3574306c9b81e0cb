import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { CHROMIUM, classify, launch, openPage, ready, serveFolder, stop } from './page-browser.js';

/** Names that would be markup, a command of the terminal, or another direction of writing. */
const CLASSES = ['<img src=x onerror=alert(1)>', '\u202egpj', `long${'-name'.repeat(40)}`, '=1+1', 'plain', "it's"];
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

/** What the model says in Node.js of an image as sharp decodes it. */
async function inNode(model: Uint8Array, path: string): Promise<number[]> {
  const image = sharp(path).rotate().toColourspace('srgb').removeAlpha();
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const session = await Session.open(model, { device: CPU });
  const feeds = { [IMAGE]: tensor('uint8', [1, info.height, info.width, 3], new Uint8Array(data)) };
  const results = await session.run(feeds, ['probabilities']);
  await session.close();
  return Array.from(float32Data(present(results.get('probabilities'), 'probabilities')));
}

describe.skipIf(!CHROMIUM)('the page of a model, in Chromium', () => {
  const model = linearModel(CLASSES);
  let root: string;
  let folder: string;
  let browser: playwright.Browser;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'agon-web-'));
    folder = join(root, 'page');
    await writePageFolder(folder, await pageFiles(model, await runtimeFiles()));
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(root, { recursive: true, force: true });
  });

  it('answers as Node.js does, also without its server, and asks nobody else', async () => {
    const faults: string[] = [];
    const { address, server, asked } = await serveFolder(folder);
    const context = await browser.newContext();
    const page = await openPage(context, address, faults);
    expect(await ready(page)).toBe('The model is ready.');
    // Of the two ways to run it, what a browser without WebGPU needs
    expect(asked.filter((path) => path.endsWith('.wasm'))).toEqual(['/onnxruntime/ort-wasm-simd-threaded.wasm']);
    const paths = await photographs(root);
    const before = await classify(page, paths);
    for (const [i, name] of ['a.png', 'b.jpg', 'c.webp'].entries()) {
      const got = present(before.get(name), name).slice(3).map(Number);
      for (const [c, value] of (await inNode(model, present(paths[i], name))).entries()) {
        expect(Math.abs((got[c] ?? Number.NaN) - value), `${name}, class ${c}`).toBeLessThan(1e-3);
      }
    }
    await stop(server);
    await page.reload();
    expect(await ready(page)).toBe('The model is ready.');
    const after = await classify(page, paths);
    expect([...after].map(([name, cells]) => [name, cells.slice(3)])).toEqual(
      [...before].map(([name, cells]) => [name, cells.slice(3)]),
    );
    expect(faults).toEqual([]);
    await context.close();
  });

  it('sees by the camera, shows hostile names as they are, and gives axe nothing to complain of', async () => {
    const faults: string[] = [];
    const { address, server } = await serveFolder(folder, { isolated: true });
    const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const [colorScheme, width] of [
      ['light', 1200],
      ['dark', 390],
    ] as const) {
      const viewport = { width, height: 800 };
      const context = await browser.newContext({ bypassCSP: true, colorScheme, viewport, permissions: ['camera'] });
      const page = await openPage(context, address, faults);
      await ready(page);
      await page.locator('#camera-start').click();
      await page.locator('#camera-answer .bars').waitFor();
      const image = {
        name: '"><script>alert(1)</script>.png',
        mimeType: 'image/png',
        buffer: await readFile(join(root, 'a.png')),
      };
      const none = { name: 'none.png', mimeType: 'image/png', buffer: Buffer.from('no image') };
      await page.locator('#files').setInputFiles([image, none]);
      await page.locator('#progress', { hasText: '1 image classified, 1 could not be read.' }).waitFor();
      expect(await page.locator('.card .file').allInnerTexts()).toEqual(['none.png', image.name]);
      expect(await page.locator('.card img, .card script').count()).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await page.evaluate(axeSource);
      const { violations } = await page.evaluate(() => axe.run());
      expect(violations.map(({ id }) => id)).toEqual([]);
      await page.locator('#camera-stop').click();
      expect(await page.locator('#camera').isHidden()).toBe(true);
      await context.close();
    }
    await stop(server);
    expect(faults).toEqual([]);
  });

  it('refuses to run a model that answers otherwise than in Node.js', async () => {
    const other = join(root, 'other');
    const described = await readFile(join(folder, 'page.json'), 'utf8');
    const page = JSON.parse(described) as { check: { probabilities: number[] } };
    page.check.probabilities.reverse();
    const files = new Map<string, Uint8Array | string>();
    for (const path of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!path.isFile()) continue;
      const full = join(path.parentPath, path.name);
      files.set(full.slice(folder.length + 1), await readFile(full));
    }
    await writePageFolder(other, files.set('page.json', JSON.stringify(page)));
    const { address, server } = await serveFolder(other);
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
