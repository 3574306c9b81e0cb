// How equal the answers are that a page of `agon export --web` gives in Chromium and onnxruntime-node gives of the same files:
//   node --import tsx scripts/web-answers.ts PAGE IMAGES [--webgpu] [--isolated] [--first 50]
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeImage } from '../src/data/image/decode.js';
import { IMAGE } from '../src/foreign/image-input.js';
import { float32Data, tensor } from '../src/onnx/tensor.js';
import { CPU } from '../src/runtime/device.js';
import { Session } from '../src/runtime/session.js';
import { classify, filesOf, launch, openPage, ready, serve, stop } from '../test/web/page-browser.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    webgpu: { type: 'boolean', default: false },
    isolated: { type: 'boolean', default: false },
    first: { type: 'string', default: '50' },
  },
});
const [folder = '', images = ''] = positionals;
const found = (await readdir(images, { recursive: true })).filter((name) => /\.(?:jpe?g|png|webp)$/i.test(name)).sort();
const step = Math.max(1, found.length / Number(values.first));
const files = Array.from({ length: Math.min(found.length, Number(values.first)) }, (_, i) => {
  return join(images, found[Math.floor(i * step)] as string);
});

const { address, server } = await serve(await filesOf(folder), values);
const browser = await launch(values);
const faults: string[] = [];
const page = await openPage(
  await browser.newContext(),
  `${address}?provider=${values.webgpu ? 'webgpu' : 'wasm'}`,
  faults,
);
console.log(await ready(page, 600_000), await page.locator('#about dl').innerText());
const answers = await classify(page, files, 600_000);
await browser.close();
await stop(server);

const session = await Session.open(await readFile(join(folder, 'model.onnx')), { device: CPU });
let [largest, equal, sum] = [0, 0, 0];
for (const file of files) {
  const { data, height, width } = await decodeImage(await readFile(file));
  const feeds = { [IMAGE]: tensor('uint8', [1, height, width, 3], data as Uint8Array) };
  const expected = float32Data((await session.run(feeds, ['probabilities'])).get('probabilities') as never);
  const got = answers.get(basename(file))?.slice(3).map(Number) ?? [];
  const difference = Math.max(...Array.from(expected, (value, i) => Math.abs(value - (got[i] ?? Number.NaN))));
  const top = (row: ArrayLike<number>) => Array.from(row).indexOf(Math.max(...Array.from(row)));
  largest = Math.max(largest, difference);
  sum += difference;
  if (top(expected) === top(got)) equal++;
}
await session.close();
console.log(`${files.length} images: same class ${equal}, largest difference ${largest}, mean ${sum / files.length}`);
console.log('faults:', faults);
