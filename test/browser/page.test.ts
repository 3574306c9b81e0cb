import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type * as playwright from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IMAGE } from '../../src/foreign/image-input.js';
import { float32Data, tensor } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { Session } from '../../src/runtime/session.js';
import { readRunSettings } from '../../src/store/run-folder.js';
import { at } from '../../src/util/checked.js';
import { present } from '../../src/util/error.js';
import { eventsOf, RESNET, runHere, WIDER } from '../run/runs.js';
import { CHROMIUM, launch, serve, stop } from '../web/page-browser.js';
import { drawPictures } from './draw-pictures.js';
import type { PageOrder, PageOutcome } from './page-entry.js';
import { RUNTIME_FILES } from './runtime-url.js';
import { unpack } from './unpack.js';

const ROOT = join(import.meta.dirname, '../..');
const RUNTIME = [
  'ort.wasm.bundle.min.mjs',
  'ort-wasm-simd-threaded.wasm',
  'ort.webgpu.bundle.min.mjs',
  'ort-wasm-simd-threaded.asyncify.wasm',
];
const SETTINGS: PageOrder['settings'] = {
  nets: [RESNET, WIDER],
  size: 12,
  epochs: 2,
  batchSize: 6,
  validation: 0.2,
  optimizer: { name: 'sgd', lr: 0.05 },
  seed: 4,
  tune: false,
};

/** A page whose scope has `trainHere`, and ONNX Runtime's files. */
async function pageFiles(): Promise<Map<string, Uint8Array | string>> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/browser/page-entry.ts'],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: ['es2022'],
    logLevel: 'error',
  });
  const page = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script src="page.js"></script>';
  const files = new Map<string, Uint8Array | string>([
    ['index.html', page],
    ['page.js', present(outputFiles[0], 'the bundle').text],
  ]);
  for (const name of RUNTIME) files.set(`ort/${name}`, await readFile(join(RUNTIME_FILES, name)));
  return files;
}

describe.skipIf(!CHROMIUM)('a training in Chromium', () => {
  let files: Map<string, Uint8Array | string>;
  let served: Awaited<ReturnType<typeof serve>>;
  const browsers: playwright.Browser[] = [];
  beforeAll(async () => {
    files = await pageFiles();
    served = await serve(files, { isolated: true });
  });
  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    await stop(served.server);
  });

  async function train(webgpu: boolean, order: Omit<PageOrder, 'runtimeUrl'>): Promise<PageOutcome> {
    const browser = await launch({ webgpu });
    browsers.push(browser);
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(served.address);
    const whole = { ...order, runtimeUrl: new URL('ort/', served.address).href };
    const outcome = await page.evaluate(`trainHere(${JSON.stringify(whole)})`);
    expect(faults).toEqual([]);
    return outcome as PageOutcome;
  }

  let onProcessor: PageOutcome;

  it('on the processor in threads, whose model answers in Node.js as in the page, and whose archive goes on there', async () => {
    onProcessor = await train(false, { settings: SETTINGS });
    expect(onProcessor).toMatchObject({ provider: 'wasm', outcome: 'finished' });
    expect(onProcessor.threads).toBeGreaterThan(1);
    expect(onProcessor.told[0]).toContain("training on the processor, as the graphics card can't");
    const session = await Session.open(Buffer.from(onProcessor.model, 'base64'), { device: CPU });
    const { width, height, pixels } = at(drawPictures(12), 0);
    const feeds = { [IMAGE]: tensor('uint8', [1, height, width, 3], pixels) };
    const results = await session.run(feeds, ['probabilities']);
    const inNode = float32Data(present(results.get('probabilities'), 'probabilities'));
    for (const [c, probability] of onProcessor.modelAnswer.entries()) expect(at(inNode, c)).toBeCloseTo(probability, 4);
    await session.close();
    const folder = await unpack(Buffer.from(onProcessor.archive, 'base64'));
    const whole = await runHere({ ...(await readRunSettings(folder)), epochs: 2 });
    const steps = eventsOf(whole.events, 'step');
    expect(onProcessor.steps.length).toBe(steps.length);
    for (const [i, { ce, teachers }] of onProcessor.steps.entries()) {
      expect(teachers).toEqual(at(steps, i).teachers);
      for (const [n, loss] of ce.entries()) expect(loss).toBeCloseTo(at(at(steps, i).ce, n), 4);
    }
    const resumed = await runHere({ ...(await readRunSettings(folder)), epochs: 3 }, { folder, resume: true });
    expect(resumed.outcome).toBe('finished');
  });

  it('on a graphics card, whose recorded commands give the same numbers', async () => {
    const onCard = await train(true, { settings: SETTINGS, provider: 'webgpu' });
    expect(onCard).toMatchObject({ provider: 'webgpu', outcome: 'finished' });
    expect(onCard.told).toEqual(['training on the graphics card, which repeats the recorded commands of a step']);
    expect(onCard.steps.length).toBe(onProcessor.steps.length);
    for (const [i, { ce, teachers }] of onCard.steps.entries()) {
      expect(teachers).toEqual(at(onProcessor.steps, i).teachers);
      for (const [n, loss] of ce.entries()) expect(loss).toBeCloseTo(at(at(onProcessor.steps, i).ce, n), 4);
    }
    for (const [n, row] of onCard.answers.entries()) {
      for (const [c, probability] of row.entries()) {
        expect(probability).toBeCloseTo(at(at(onProcessor.answers, n), c), 3);
      }
    }
    expect(onCard.accuracies).toEqual(onProcessor.accuracies);
  });
});
