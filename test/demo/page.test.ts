import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as playwright from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { SiteServer } from '../../src/serve/http/server.js';
import { CHROMIUM, launch } from '../web/page-browser.js';
import { colouredPictures, openDemo, serveDemoPage, standInClients, untilTraining } from './demo-page.js';

/** What the page's own scope has that the compiler doesn't know here. */
declare const document: {
  readonly documentElement: { readonly scrollWidth: number };
  querySelectorAll(
    selector: string,
  ): ArrayLike<{ getBoundingClientRect(): { width: number; height: number }; id: string; className: string }>;
};
declare const crossOriginIsolated: boolean;
declare const axe: {
  run(): Promise<{
    readonly violations: readonly { readonly id: string; readonly nodes: readonly { html: string }[] }[];
  }>;
};

const RED = [200, 60, 40] as const;
const BLUE = [40, 60, 200] as const;

const card = (page: playwright.Page, i: number) => page.locator('.class').nth(i);
const countOf = (page: playwright.Page, i: number) => card(page, i).locator('.count').innerText();
const namesOf = (page: playwright.Page) =>
  page
    .locator('.class-name')
    .evaluateAll((inputs) => inputs.map((each) => (each as unknown as { value: string }).value));

async function addPictures(
  page: playwright.Page,
  i: number,
  colour: readonly [number, number, number],
  count: number,
): Promise<void> {
  await card(page, i)
    .locator('input[type=file]')
    .setInputFiles(await colouredPictures(colour, count));
  await card(page, i)
    .locator('.count', { hasText: `${count} picture` })
    .waitFor();
}

describe.skipIf(!CHROMIUM)('the page in which networks train, in Chromium', () => {
  let browser: playwright.Browser;
  let server: SiteServer;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agon-demo-'));
    browser = await launch();
    server = await serveDemoPage({ clients: await standInClients(), classes: ['red', 'blue'] });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A page of a browser that has kept nothing, at whose end there must have been no fault. */
  async function open(options: playwright.BrowserContextOptions = {}): Promise<playwright.Page> {
    const faults: string[] = [];
    const context = await browser.newContext({ permissions: ['camera'], ...options });
    onTestFinished(async () => {
      await context.close();
      expect(faults).toEqual([]);
    });
    const page = await openDemo(context, server.url, faults);
    page.on('dialog', (dialog) => void dialog.accept());
    return page;
  }

  it('is isolated, takes pictures, says what is missing, and keeps all over a reload', async () => {
    const page = await open();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await addPictures(page, 0, RED, 6);
    expect(await page.locator('#train-status').innerText()).toBe('Each class needs 5 pictures or more: blue (5 more).');
    expect(await page.locator('#start').isDisabled()).toBe(true);
    const none = { name: 'none.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };
    await card(page, 1)
      .locator('input[type=file]')
      .setInputFiles([none, ...(await colouredPictures(BLUE, 5))]);
    await page
      .locator('#classes-status', { hasText: '5 pictures added to blue. Not readable as pictures: none.png.' })
      .waitFor();
    expect(await page.locator('#train-status').innerText()).toBe('Ready: 11 pictures of 2 classes.');
    await card(page, 0).locator('.delete').first().click();
    await card(page, 0).locator('.count', { hasText: '5 pictures' }).waitFor();
    await card(page, 0).locator('.class-name').fill('<b>rouge</b>');
    await card(page, 0).locator('.class-name').press('Tab');
    expect(await page.locator('#train-status').innerText()).toContain('one that a folder can have');
    await card(page, 0).locator('.class-name').fill('rouge');
    await card(page, 0).locator('.class-name').press('Tab');
    await page.locator('#add-class').click();
    await page.reload();
    await page.locator('.class').nth(2).waitFor();
    expect(await namesOf(page)).toEqual(['rouge', 'blue', 'Class 3']);
    expect([await countOf(page, 0), await countOf(page, 1), await countOf(page, 2)]).toEqual([
      '5 pictures: it can begin. 20 are better.',
      '5 pictures: it can begin. 20 are better.',
      '0 pictures. 5 more to begin with.',
    ]);
    await page.locator('.remove-class').nth(2).click();
    expect(await page.locator('.class').count()).toBe(2);
    await page.locator('#forget').click();
    await page.locator('.count', { hasText: '0 pictures' }).first().waitFor();
    expect(await namesOf(page)).toEqual(['red', 'blue']);
  });

  it('takes a folder of class folders', async () => {
    const page = await open();
    for (const [name, colour] of [
      ['blue', BLUE],
      ['green', [30, 180, 60]],
    ] as const) {
      await mkdir(join(folder, 'all', name), { recursive: true });
      for (const { name: file, buffer } of await colouredPictures(colour, 2))
        await writeFile(join(folder, 'all', name, file), buffer);
    }
    await page.locator('#folder').setInputFiles(join(folder, 'all'));
    await page.locator('#classes-status', { hasText: '2 pictures added to green.' }).waitFor();
    expect(await namesOf(page)).toEqual(['red', 'blue', 'green']);
    expect(await countOf(page, 1)).toContain('2 pictures');
  });

  it('takes pictures from the camera as long as a button is held, by pointer and by key, and drawings', async () => {
    const page = await open();
    await page.locator('#take-camera').click();
    const video = page.locator('#camera video');
    await expect.poll(() => video.evaluate((each: { videoWidth: number }) => each.videoWidth)).toBeGreaterThan(0);
    const hold = page.locator('.taker', { hasText: 'Hold: red' });
    await hold.hover();
    await page.mouse.down();
    await card(page, 0).locator('.count', { hasText: '3 pictures' }).waitFor();
    await page.mouse.up();
    await page.locator('.taker', { hasText: 'Hold: blue' }).press('Enter');
    await card(page, 1).locator('.count', { hasText: '1 picture.' }).waitFor();
    await page.locator('#take-drawing').click();
    const add = page.locator('.taker', { hasText: 'Add to blue' });
    await add.click();
    expect(await page.locator('#take-status').innerText()).toBe('The sheet is empty: draw something first.');
    const sheet = page.locator('#drawing canvas');
    await sheet.focus();
    for (const key of [' ', 'ArrowRight', 'ArrowRight', 'ArrowDown', ' ']) await sheet.press(key);
    await add.click();
    await card(page, 1).locator('.count', { hasText: '2 pictures' }).waitFor();
    await page.locator('#take-camera').click();
    expect(await page.locator('#camera').isHidden()).toBe(true);
  });

  it('trains, stops, goes on after a reload, answers, and starts over', async () => {
    const page = await open({ acceptDownloads: true });
    await addPictures(page, 0, RED, 6);
    await addPictures(page, 1, BLUE, 6);
    await page.locator('#start').click();
    await untilTraining(page, 'running');
    await page.locator('#by-class table').waitFor();
    await page.locator('#stop').click();
    await untilTraining(page, 'idle');
    expect(await page.locator('.network h3').allInnerTexts()).toEqual(['resnet8', 'resnet14']);
    expect(await page.locator('.arrow').innerText()).toContain('teaches');
    expect(await page.locator('#charts canvas').count()).toBe(2);
    const stoppedAt = await page.locator('#train-progress').innerText();
    // What a training learns from stays as long as it does
    await card(page, 0).locator('.delete').first().click();
    await card(page, 0).locator('.count', { hasText: '5 pictures' }).waitFor();
    await page.reload();
    await untilTraining(page, 'idle');
    expect(await page.locator('#train-progress').innerText()).toBe(stoppedAt);
    expect(await countOf(page, 0)).toContain('5 pictures');
    await page.locator('#try-input').setInputFiles((await colouredPictures(BLUE, 1))[0] as never);
    await page.locator('#answers .top').first().waitFor();
    expect(await page.locator('#answers .top .name').allInnerTexts()).toEqual(['blue', 'blue']);
    for (const [id, name, said] of [
      ['export-model', 'model.onnx', 'model.onnx is written'],
      ['export-run', 'run.zip', 'run.zip is written'],
    ] as const) {
      const download = page.waitForEvent('download');
      await page.locator(`#${id}`).click();
      expect((await download).suggestedFilename()).toBe(name);
      await page.locator('#keep-status', { hasText: said }).waitFor();
    }
    await page.locator('#go-on').click();
    await untilTraining(page, 'finished');
    expect(await page.locator('#train-status').innerText()).toMatch(
      /^Done\. Best so far: resnet\d+, \d+ % of the held-out pictures right\.$/,
    );
    await page.locator('#start-over').click();
    await untilTraining(page, 'none');
    await page.locator('#contest').waitFor({ state: 'hidden' });
    expect(await page.locator('#train-status').innerText()).toBe('Ready: 11 pictures of 2 classes.');
  });

  it.each([
    ['light', 1200],
    ['dark', 390],
  ] as const)(
    'gives axe nothing to complain of, %s, at %i pixels, and no finger trouble',
    async (colorScheme, width) => {
      const viewport = { width, height: 844 };
      const page = await open({
        bypassCSP: true,
        colorScheme,
        viewport,
        hasTouch: width < 500,
        reducedMotion: 'reduce',
      });
      await addPictures(page, 0, RED, 6);
      await addPictures(page, 1, BLUE, 6);
      await page.locator('#take-camera').click();
      await page.locator('#take-drawing').click();
      await page.locator('#start').click();
      await page.locator('#by-class table').waitFor();
      await page.locator('#stop').click();
      await untilTraining(page, 'idle');
      await page.locator('#try-camera').click();
      await page.locator('#answers .bars').first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      const small = await page.evaluate(() =>
        Array.from(document.querySelectorAll('button, select, summary, .class-name'))
          .map((each) => ({ name: each.id || each.className, box: each.getBoundingClientRect() }))
          .filter(({ box }) => box.width > 0 && (box.height < 44 || box.width < 44))
          .map(({ name }) => name),
      );
      expect(small).toEqual([]);
      await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
      const { violations } = await page.evaluate(() => axe.run());
      expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    },
  );
});
