import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as playwright from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SiteServer } from '../../src/serve/http/server.js';
import { at } from '../../src/util/checked.js';
import { agon } from '../cli/command-line.js';
import { CHROMIUM, launch } from '../web/page-browser.js';
import { colouredPictures, openDemo, type PictureFile, serveDemoPage, unpackRun, untilTraining } from './demo-page.js';

const PATIENCE = 240_000;
/** Names that a page and Node.js put into different orders. */
const CLASSES = ['Zebra', 'apple'];
const COLOURS = [
  [150, 110, 100],
  [100, 110, 150],
] as const;

/** What a model says in Node.js of a picture: the probability of each class. */
async function inNode(model: string, picture: string): Promise<number[]> {
  const { stdout, stderr, exitCode } = await agon(`predict ${model} ${picture} --json`);
  expect([exitCode, stderr]).toEqual([0, '']);
  const answer = JSON.parse(stdout) as { predictions: { label: string; probability: number }[] };
  return CLASSES.map((name) => answer.predictions.find(({ label }) => label === name)?.probability ?? Number.NaN);
}

/** What the page says of a picture: of each network, the probability of each class. */
async function onPage(page: playwright.Page, picture: PictureFile): Promise<number[][]> {
  await page.locator('#answers').evaluate((place: { textContent: string }) => {
    place.textContent = '';
  });
  await page.locator('#try-input').setInputFiles(picture as never);
  await page.locator('#answers .bars').nth(1).waitFor();
  const texts = await page.locator('#answers .number').allInnerTexts();
  const shares = texts.map((text) => Number.parseFloat(text) / 100);
  return [shares.slice(0, 2), shares.slice(2)];
}

async function download(page: playwright.Page, id: string, path: string): Promise<string> {
  const begun = page.waitForEvent('download');
  await page.locator(`#${id}`).click();
  await (await begun).saveAs(path);
  return path;
}

describe.skipIf(!CHROMIUM)('networks that train in the page, in Chromium', () => {
  let root: string;
  let browser: playwright.Browser;
  let server: SiteServer;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'agon-demo-'));
    browser = await launch();
    server = await serveDemoPage({ classes: CLASSES });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(root, { recursive: true, force: true });
  });

  it(
    'answer as in Node.js, go on there and after a reload',
    async () => {
      const faults: string[] = [];
      const context = await browser.newContext({ acceptDownloads: true });
      const page = await openDemo(context, server.url, faults);
      for (const [i, colour] of COLOURS.entries()) {
        await page
          .locator('.class input[type=file]')
          .nth(i)
          .setInputFiles(await colouredPictures(colour, 6));
        await page.locator('.count', { hasText: '6 pictures' }).nth(i).waitFor();
      }
      await page.locator('summary', { hasText: 'Settings' }).click();
      await page.locator('select[name=effort]').selectOption('short');
      await page.locator('select[name=provider]').selectOption('wasm');
      await page.locator('#start').click();
      await page.locator('#train-progress', { hasText: /^epoch [3-9]/ }).waitFor({ timeout: PATIENCE });
      await page.locator('#stop').click();
      await untilTraining(page, 'idle', PATIENCE);
      expect(await page.locator('#runs-on').innerText()).toMatch(
        /^ONNX Runtime WebAssembly, on the processor, (one|\d+) thread/,
      );

      const [picture] = await colouredPictures([128, 110, 120], 1);
      const file = join(root, 'picture.png');
      await writeFile(file, at([picture], 0)?.buffer ?? '');
      const answers = await onPage(page, picture as PictureFile);

      const zip = await download(page, 'export-run', join(root, 'run.zip'));
      const run = await unpackRun(zip, root);
      // The weights of now are those of the last checkpoint
      for (const [i, answer] of answers.entries()) {
        const model = join(root, `network-${i}.onnx`);
        const { exitCode, stderr } = await agon(`export ${run} --checkpoint last --network ${i} --out ${model}`);
        expect([exitCode, stderr]).toEqual([0, '']);
        const expected = await inNode(model, file);
        for (const [c, share] of answer.entries()) expect(Math.abs(share - at(expected, c))).toBeLessThan(0.0006);
      }
      // The model is that of the best epoch
      const model = await download(page, 'export-model', join(root, 'model.onnx'));
      const best = join(root, 'best.onnx');
      await agon(`export ${run} --checkpoint best --out ${best}`);
      const [ours, theirs] = [await inNode(model, file), await inNode(best, file)];
      for (const [c, share] of ours.entries()) expect(share).toBeCloseTo(at(theirs, c), 5);

      const stoppedAt = await page.locator('#train-progress').innerText();
      await page.reload();
      await untilTraining(page, 'idle', PATIENCE);
      expect(await page.locator('#train-progress').innerText()).toBe(stoppedAt);
      expect(await onPage(page, picture as PictureFile)).toEqual(answers);
      await page.locator('#go-on').click();
      await untilTraining(page, 'running');
      await page.locator('#train-progress', { hasNotText: stoppedAt }).waitFor({ timeout: PATIENCE });
      await page.locator('#stop').click();
      await untilTraining(page, 'idle', PATIENCE);
      expect(faults).toEqual([]);
      await context.close();

      const { exitCode, stdout } = await agon(`train --resume ${run} --no-report --json`);
      expect(exitCode).toBe(0);
      const events = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; resumedAt?: { epoch: number } });
      expect(events.find(({ type }) => type === 'start')?.resumedAt?.epoch).toBeGreaterThanOrEqual(1);
      expect(events.at(-1)?.type).toBe('end');
    },
    2 * PATIENCE,
  );
});
