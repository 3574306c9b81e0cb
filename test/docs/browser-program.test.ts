import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { runtimePaths } from '../../src/web/runtime-files.js';
import { colouredPictures } from '../demo/demo-page.js';
import { CHROMIUM, launch, openPage, serve, stop } from '../web/page-browser.js';
import { ROOT, readPage } from './markdown.js';

const GUIDE = 'docs/guides/browser.md';

/** The guide's program, bundled as the guide says, with Agon in its sources. */
async function programOf(guide: string): Promise<string> {
  const [, code = ''] = /^```js\n(\/\/ train\.mjs\n[\s\S]*?)^```/m.exec(guide) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'agon-guide-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'train.mjs'), code);
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'train.mjs')],
    bundle: true,
    write: false,
    format: 'esm',
    alias: { 'agon/browser': join(ROOT, 'src/api/browser.ts') },
  });
  return outputFiles[0]?.text ?? '';
}

/** A page with images of two classes. */
async function imagesHtml(): Promise<string> {
  const colours = { cat: [190, 90, 60], dog: [60, 90, 190] } as const;
  const all = await Promise.all(
    Object.entries(colours).map(async ([alt, colour]) => {
      const pictures = await colouredPictures(colour, 6);
      return pictures.map(
        ({ buffer }) => `<img alt="${alt}" src="data:image/png;base64,${buffer.toString('base64')}">`,
      );
    }),
  );
  return all.flat().join('\n');
}

it.skipIf(!CHROMIUM)(
  'the program of the guide to browsers trains in a page, with the files and headers that the guide names',
  async () => {
    const guide = readPage(GUIDE);
    const paths = runtimePaths('a test');
    for (const name of paths.keys()) expect(guide).toContain(`\`${name}\``);
    const runtime = await Promise.all(
      [...paths].map(async ([name, path]) => [`onnxruntime/${name}`, await readFile(path)] as const),
    );
    const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">${await imagesHtml()}
<script type="module" src="app.js"></script>`;
    const files = new Map<string, Uint8Array | string>([
      ...runtime,
      ['index.html', page],
      ['app.js', await programOf(guide)],
    ]);
    const { address, server } = await serve(files, { isolated: true });
    const browser = await launch();
    onTestFinished(async () => {
      await browser.close();
      await stop(server);
    });
    const said: string[] = [];
    const opened = await openPage(await browser.newContext(), address, said);
    await expect.poll(() => said.at(-1) ?? '', { timeout: 100_000, interval: 200 }).toMatch(/^of the first image: /);
    expect(await opened.evaluate('crossOriginIsolated')).toBe(true);
    expect(said.filter((line) => /^epoch [123] [01]/.test(line))).toHaveLength(3);
    expect(said).toContain('finished');
    const answers = (said.at(-1) ?? '').replace('of the first image: ', '').split('; ');
    const sums = answers.map((answer) => answer.split(' ').reduce((sum, share) => sum + Number(share), 0));
    expect(sums).toEqual([expect.closeTo(1, 5), expect.closeTo(1, 5)]);
    // Chromium's own, of the graphics card that isn't there
    expect(said.filter((line) => line !== 'No available adapters.')).toHaveLength(5);
  },
  150_000,
);
