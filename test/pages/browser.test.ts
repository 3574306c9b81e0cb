import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as playwright from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReportData } from '../../src/pages/data/read-report.js';
import { reportPage } from '../../src/pages/page/report-page.js';
import { writeReport } from '../../src/pages/write-report.js';
import { makeUpRun } from '../support/report/run-folder.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

/** Rows of long tables that are like those before them: axe takes a minute for 10,000 cells. */
const ALIKE = [['.matrix tbody tr:nth-child(n+5)'], ['#classes tbody tr:nth-child(n+12)']];

/** What the page's own scope has that the compiler doesn't know here. */
declare const document: { querySelectorAll(selector: string): { readonly length: number } };
declare const axe: {
  run(context: {
    exclude: readonly (readonly string[])[];
  }): Promise<{ readonly violations: readonly { readonly id: string }[] }>;
};

describe.skipIf(!CHROMIUM)('the page of a run, in Chromium', () => {
  let folder: string;
  let browser: playwright.Browser;
  let axeSource: string;
  const faults: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agon-pages-'));
    axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await makeUpRun(join(folder, 'two'), { classes: 2, hostile: true, images: 200 });
    await makeUpRun(join(folder, 'hundred'), { classes: 100, networks: 3, hostile: true });
    for (const run of ['two', 'hundred']) await writeReport(join(folder, run));
    browser = await playwright.chromium.launch({
      executablePath: CHROMIUM as string,
      args: ['--no-sandbox', '--disable-gpu'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (
    address: string,
    options: Parameters<playwright.Browser['newPage']>[0] = {},
  ): Promise<playwright.Page> => {
    const page = await browser.newPage(options);
    page.on('console', (message) => faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:') && new URL(request.url()).origin !== new URL(address).origin)
        faults.push(request.url());
    });
    await page.goto(address);
    return page;
  };
  const addressOf = (run: string) => pathToFileURL(join(folder, run, 'report.html')).href;

  it.each([
    ['two', 'light', 1200],
    ['two', 'dark', 390],
    ['hundred', 'light', 390],
    ['hundred', 'dark', 1200],
  ] as const)(
    'with %s classes, %s, %i pixels wide: nothing for axe to complain of, nothing too wide',
    async (run, colorScheme, width) => {
      const page = await open(addressOf(run), { colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      await page.evaluate(axeSource);
      const { violations } = await page.evaluate((exclude) => axe.run({ exclude }), ALIKE);
      expect(violations.map(({ id }) => id)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await page.close();
    },
  );

  it('shows the images of a cell, by click and by keyboard', async () => {
    const page = await open(addressOf('two'));
    const shown = page.locator('[data-cell-pictures] img[data-picture]');
    await page.click('[data-cell="0 1"]');
    expect(await shown.count()).toBeGreaterThan(0);
    expect(await shown.first().getAttribute('src')).toMatch(/^data:image\/png/);
    expect(await page.textContent('[data-cell-status]')).toMatch(
      /^\d+ of 100 images of <script>alert\(1\)<\/script> \(\d+ %\) were taken for /,
    );
    await page.focus('[data-cell="0 0"]');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await page.getAttribute('[data-cell="1 0"]', 'aria-pressed')).toBe('true');
    await page.close();
  });

  it('sorts classes, shows activation maps, the answers of another network, and prints what is folded up', async () => {
    const page = await open(addressOf('hundred'));
    const first = () => page.locator('#classes tbody tr').first().locator('td').nth(3).getAttribute('data-value');
    await page.click('[data-sort="4"]');
    const best = Number(await first());
    await page.click('[data-sort="4"]');
    expect(Number(await first())).toBeLessThan(best);
    expect(await page.locator('img.map').first().isVisible()).toBe(false);
    await page.click('[data-maps]');
    expect(await page.locator('#mistakes img.map').first().isVisible()).toBe(true);
    await page.selectOption('#subject-classes', '1');
    expect(await page.inputValue('#subject-confusion')).toBe('1');
    await page.emulateMedia({ media: 'print' });
    await page.waitForSelector('#settings details[open]');
    expect(await page.evaluate(() => document.querySelectorAll('.plot canvas').length)).toBe(4);
    await page.close();
  });

  it('follows a run while it is live', async () => {
    const run = join(folder, 'live');
    await makeUpRun(run, { classes: 2, finished: false });
    let tell: ServerResponse | undefined;
    const server = await serve(async (url, response) => {
      if (url === '/events') {
        tell = response.writeHead(200, { 'content-type': 'text/event-stream' });
        tell.write('\n');
      } else if (url === '/data') response.end(JSON.stringify(await readReportData(run)));
      else response.end(await reportPage(await readReportData(run), { live: { events: '/events', data: '/data' } }));
    });
    const page = await open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForSelector('text=Live: this page follows what happens.');
    expect(await page.textContent('.lead')).toContain('Under way: 6 of 12 epochs');
    await makeUpRun(run, { classes: 2 });
    tell?.write('event: change\ndata: \n\nevent: end\ndata: \n\n');
    await page.waitForSelector('#confusion [data-cell]');
    expect(await page.textContent('.lead')).toContain('Finished after 12 of 12 epochs');
    await page.close();
    tell?.end();
    await new Promise((resolve) => server.close(resolve));
  });

  it('had no error and asked for nothing from elsewhere', () => {
    expect(faults).toEqual([]);
  });
});

async function serve(answer: (url: string, response: ServerResponse) => Promise<void>): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/' && request.url !== '/events') response.setHeader('content-type', 'application/json');
    if (request.url === '/') response.setHeader('content-type', 'text/html');
    void answer(request.url ?? '', response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
