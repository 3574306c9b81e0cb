import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Augmentation, NO_AUGMENTATION } from '../../src/data/batch/augment.js';
import { createLoader } from '../../src/data/batch/open-loader.js';
import { createPixelLoader } from '../../src/data/batch/pixel-loader.js';
import { withUnlabelled } from '../../src/data/batch/unlabelled-loader.js';
import { preprocessingFor } from '../../src/data/image/preprocess.js';
import { RANDOM_RESIZED_CROP } from '../../src/data/image/random-crop.js';
import { Graph } from '../../src/graph/graph.js';
import { takePixels } from '../../src/lower/pixel-images.js';
import { toNumbers } from '../../src/onnx/tensor.js';
import { movesOf } from '../../src/train/data.js';
import { pixelFeeds } from '../../src/train/feeds.js';
import { packedDataset, png, temporaryFolder, writeTree } from '../data/helpers.js';
import { runGraph } from '../support/run.js';

const DATASET = packedDataset(13);
const STATISTICS = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const [BATCH, OTHERS] = [4, 3];

const CASES: readonly { readonly what: string; readonly changes: Partial<Augmentation>; readonly side?: number }[] = [
  { what: 'nothing else is done to', changes: {} },
  { what: 'are cut out of their padding and flipped', changes: { padCrop: 2, flip: true } },
  { what: 'are cut out of a padding as wide as they are', changes: { padCrop: 40 } },
  { what: 'are flipped', changes: { flip: true } },
  {
    what: 'are cut at random, scaled and flipped',
    changes: { randomResizedCrop: RANDOM_RESIZED_CROP, flip: true },
    side: 7,
  },
  { what: 'are turned after they are flipped, on the host', changes: { padCrop: 1, flip: true, rotation: 30 } },
  { what: 'are erased in part, on the host', changes: { flip: true, randomErasing: 1 } },
];

describe('a step that prepares images itself sees those that the host would have prepared', () => {
  it.each(CASES)('where they $what', async ({ changes, side }) => {
    const augmentation = { ...NO_AUGMENTATION, ...changes };
    const input = side === undefined ? undefined : { height: side, width: side };
    const preprocessing = preprocessingFor(DATASET, STATISTICS, input);
    const root = await temporaryFolder();
    await writeTree(root, { 'a.png': await png(5, 5, 1), 'b.png': await png(9, 6, 2) });
    const source = { kind: 'files', paths: [join(root, 'a.png'), join(root, 'b.png')] } as const;
    const beside = { source, preprocessing, augmentation, seed: 3, count: OTHERS, workers: 1 };
    const options = { split: DATASET.train, preprocessing, batchSize: BATCH, training: { seed: 3, augmentation } };
    const host = withUnlabelled(createLoader(options), beside);
    const device = withUnlabelled(createPixelLoader(options), { ...beside, pixels: true });
    onTestFinished(() => Promise.all([host.close(), device.close()]).then(() => undefined));

    const rows = BATCH + OTHERS;
    const { channels, height, width } = preprocessing;
    const graph = new Graph('images');
    const images = graph.input('images', 'float32', [rows, channels, height, width]);
    graph.output('seen', graph.op('Identity', [images]));
    const step = takePixels({ graph, uniforms: [], state: [] }, { ...preprocessing, ...movesOf(augmentation) });

    const at = { epoch: 1, firstStep: 1 };
    const others = device.epoch(at);
    let compared = 0;
    for await (const batch of host.epoch(at)) {
      const { value } = await others.next();
      if (!value) throw new Error('there are fewer batches');
      expect([value.labels, value.indices, value.size]).toEqual([batch.labels, batch.indices, batch.size]);
      const feeds = pixelFeeds(value, preprocessing);
      const expected = [...batch.images, ...(batch.unlabelled?.images ?? [])];
      // Black at least
      expect(new Set(expected).size).toBeGreaterThanOrEqual(channels);
      const { seen } = await runGraph(step.graph, feeds);
      const got = seen ? toNumbers(seen) : [];
      const differences = expected.map((number, i) => Math.abs(number - (got[i] ?? Number.NaN)));
      // The largest is 2.6, of float32
      expect(Math.max(...differences)).toBeLessThan(1e-6);
      compared++;
    }
    expect(compared).toBe(2);
    expect((await others.next()).done).toBe(true);
  });
});
