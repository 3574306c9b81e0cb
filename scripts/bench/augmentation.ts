/**
 * What it costs to make a training image, by what is done to it: `node --import tsx scripts/bench/augmentation.ts FOLDER [SIZE]`, FOLDER
 * of class folders. Milliseconds of processor time an image, over one epoch of the folder, which nobody else's load changes much.
 */
import { mixImages } from '../../src/data/augment/mixing.js';
import { type Augmentation, defaultAugmentation, NO_AUGMENTATION } from '../../src/data/batch/augment.js';
import { recipeMaker } from '../../src/data/batch/image-loader.js';
import { openDataset } from '../../src/data/formats/open.js';
import { preprocessingFor } from '../../src/data/image/preprocess.js';
import { permutation, stream } from '../../src/util/random.js';

const BATCH = 32;
const [folder, size = '224'] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node --import tsx scripts/bench/augmentation.ts FOLDER [SIZE]');

const dataset = await openDataset(folder);
const input = { height: Number(size), width: Number(size) };
const preprocessing = preprocessingFor(dataset, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }, input);
const auto = defaultAugmentation(dataset, input);
const order = permutation(dataset.train.length, stream(0, 'order'));

const ROWS: Readonly<Record<string, Augmentation>> = {
  'decode, scale and cut': NO_AUGMENTATION,
  'decode, random resized crop and flip': auto,
  'kept from decoding: random resized crop and flip': auto,
  '  and --rand-augment 2,9': { ...auto, randAugment: { operations: 2, magnitude: 9 } },
  '  and --trivial-augment': { ...auto, trivialAugment: true },
  '  and --color-jitter 0.4,0.4,0.4,0.1': {
    ...auto,
    colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
  },
  '  and --random-erasing 0.25': { ...auto, randomErasing: 0.25 },
};

/** Processor time in milliseconds, of all threads. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function epoch(make: ReturnType<typeof recipeMaker>, number: number): Promise<void> {
  for (let at = 0; at < order.length; at += BATCH) {
    await make({ epoch: number, indices: order.slice(at, at + BATCH) });
  }
}

for (const [name, augmentation] of Object.entries(ROWS)) {
  const cacheBytes = name.startsWith('decode') ? 0 : 2 ** 31;
  const recipe = { source: dataset.train.source, preprocessing, training: { seed: 0, augmentation }, cacheBytes };
  const make = recipeMaker(recipe);
  await epoch(make, 0);
  const before = processorTime();
  await epoch(make, 1);
  report(name, (processorTime() - before) / order.length);
}

const { images } = await recipeMaker({ source: dataset.train.source, preprocessing, cacheBytes: 0 })({
  epoch: 0,
  indices: order.slice(0, BATCH),
});
const partners = permutation(BATCH, stream(0, 'partners'));
const before = processorTime();
for (let i = 0; i < 10; i++) mixImages(images, { partners, lambda: 0.3 }, preprocessing);
report('mixup, of a batch of 32', (processorTime() - before) / 10 / BATCH);

function report(name: string, milliseconds: number): void {
  console.log(`${name.padEnd(50)} ${milliseconds.toFixed(2)} ms`);
}
