import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { drawMix, mixImages } from '../../../src/data/augment/mixing.js';
import { augment, NO_AUGMENTATION } from '../../../src/data/batch/augment.js';
import { openBatchPool } from '../../../src/data/batch/batch-pool.js';
import type { Batch, LoaderOptions } from '../../../src/data/batch/loader.js';
import { createLoader } from '../../../src/data/batch/open-loader.js';
import type { Dataset, Split } from '../../../src/data/dataset/dataset.js';
import { pixelsAt } from '../../../src/data/dataset/packed-images.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { decodeImage } from '../../../src/data/image/decode.js';
import { type Preprocessing, preprocessingFor, toTensor } from '../../../src/data/image/preprocess.js';
import { RANDOM_RESIZED_CROP } from '../../../src/data/image/random-crop.js';
import { permutation, stream } from '../../../src/util/random.js';
import { packedDataset, png, temporaryFolder, writeTree } from '../helpers.js';

const STATISTICS = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] };
const AUGMENTATION = { randomResizedCrop: null, padCrop: 1, flip: true, rotation: 0 };
const DATASET = packedDataset(23);
const PREPROCESSING = preprocessingFor(DATASET, STATISTICS);
const TRAINING = { seed: 11, augmentation: AUGMENTATION };

const rejections: unknown[] = [];
const record = (reason: unknown) => rejections.push(reason);
process.on('unhandledRejection', record);
afterEach(() => {
  expect(rejections.splice(0)).toEqual([]);
});

function open(options: Partial<LoaderOptions> = {}) {
  const loader = createLoader({ split: DATASET.train, preprocessing: PREPROCESSING, batchSize: 4, ...options });
  onTestFinished(() => loader.close());
  return loader;
}

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const list: Batch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}

/** What a training batch must hold, made here image by image. */
function expectedImages(split: Split, preprocessing: Preprocessing, epoch: number, indices: Uint32Array): number[] {
  return [...indices].flatMap((i) => {
    if (split.source.kind !== 'packed') throw new Error('not packed');
    const random = stream(TRAINING.seed, 'augment', epoch, i);
    return [...toTensor(augment(pixelsAt(split.source, i), AUGMENTATION, preprocessing, random), preprocessing)];
  });
}

describe('a loader of balanced draws', () => {
  const split: Split = { ...DATASET.train, labels: DATASET.train.labels.map((_, i) => (i < 2 ? 0 : 1)) };

  it('augments an image otherwise each time that an epoch has it, whatever the workers', async () => {
    const training = { ...TRAINING, balanced: true };
    const [one, two] = [open({ split, training }), open({ split, training, workers: 2 })];
    const batches = await all(one.epoch({ epoch: 1 }));
    expect(await all(two.epoch({ epoch: 1, firstStep: 2 }))).toEqual(batches.slice(2));
    expect([one.steps, batches.flatMap(({ labels }) => [...labels]).filter((label) => label === 0)]).toEqual([
      5,
      new Array(10).fill(0),
    ]);
    const seen = new Map<number, number>();
    const expected = batches.flatMap(({ indices }) =>
      [...indices].flatMap((i) => {
        const times = seen.get(i) ?? 0;
        seen.set(i, times + 1);
        const random = stream(TRAINING.seed, 'augment', 1, i, ...(times > 0 ? [times] : []));
        return [
          ...toTensor(augment(pixelsAt(split.source as never, i), AUGMENTATION, PREPROCESSING, random), PREPROCESSING),
        ];
      }),
    );
    expect(batches.flatMap(({ images }) => [...images])).toEqual(expected);
  });
});

describe('a loader that perturbs', () => {
  const perturbation = { pool: 'paper', when: { every: 2 }, networks: 3 } as const;
  const training = { ...TRAINING, perturbation };

  it('gives the clean batch as ever, and beside it every second one perturbed', async () => {
    const clean = await all(open({ training: TRAINING }).epoch({ epoch: 1 }));
    const batches = await all(open({ training }).epoch({ epoch: 1 }));
    expect(batches.map(({ perturbed: _, ...batch }) => batch)).toEqual(clean);
    // Five steps an epoch: the second epoch's are 5 to 9
    expect(batches.map(({ perturbed }) => perturbed !== undefined)).toEqual([true, false, true, false, true]);
    for (const { perturbed, images, labels } of batches) {
      if (!perturbed) continue;
      expect(perturbed.images.length).toBe(images.length);
      expect(perturbed.images).not.toEqual(images);
      expect([...perturbed.partners].sort()).toEqual([...labels].sort());
    }
  });

  it('gives the same from the middle of an epoch, and with more workers', async () => {
    const whole = await all(open({ training }).epoch({ epoch: 1 }));
    expect(await all(open({ training, workers: 2 }).epoch({ epoch: 1, firstStep: 2 }))).toEqual(whole.slice(2));
  });
});

describe('a loader that mixes', () => {
  const mixing = { mixup: 0.4, cutmix: 1 };
  const training = { ...TRAINING, mixing };

  it('mixes the images of each batch with each other, and says with whose labels', async () => {
    const clean = await all(open({ training: TRAINING }).epoch({ epoch: 1 }));
    const batches = await all(open({ training }).epoch({ epoch: 1 }));
    for (const [i, { images, mixed, ...rest }] of batches.entries()) {
      const { images: own, ...others } = clean[i] as Batch;
      // Five steps an epoch
      const mix = drawMix(mixing, 4, PREPROCESSING, 11, 5 + i);
      expect(rest).toEqual(others);
      expect(images).toEqual(mixImages(own, mix, PREPROCESSING));
      expect(mixed?.lambda).toBe(mix.lambda);
      expect([...(mixed?.partners ?? [])]).toEqual([...mix.partners].map((slot) => rest.labels[slot]));
    }
    expect(new Set(batches.map(({ mixed }) => mixed?.lambda)).size).toBe(5);
  });

  it('gives the same from the middle of an epoch, and with more workers; perturbed images are not mixed', async () => {
    const perturbation = { pool: 'paper', when: { every: 1 }, networks: 2 } as const;
    const augmentation = { ...AUGMENTATION, trivialAugment: true, randomErasing: 0.5 };
    const both = { seed: 11, augmentation, mixing, perturbation };
    const whole = await all(open({ training: both }).epoch({ epoch: 1 }));
    expect(await all(open({ training: both, workers: 2 }).epoch({ epoch: 1, firstStep: 2 }))).toEqual(whole.slice(2));
    const unmixed = await all(open({ training: { seed: 11, augmentation, perturbation } }).epoch({ epoch: 1 }));
    expect(whole.map(({ perturbed }) => perturbed)).toEqual(unmixed.map(({ perturbed }) => perturbed));
  });
});

describe('a loader for training', () => {
  it('takes the images in the order of the epoch, augmented, and drops the short batch', async () => {
    const loader = open({ training: TRAINING });
    const batches = await all(loader.epoch({ epoch: 2 }));
    expect([loader.steps, batches.length]).toEqual([5, 5]);
    const order = permutation(23, stream(11, 'shuffle', 2));
    expect(batches.flatMap(({ indices }) => [...indices])).toEqual([...order.subarray(0, 20)]);
    for (const { images, labels, indices, size } of batches) {
      expect([size, images.length]).toEqual([4, 4 * 75]);
      expect([...labels]).toEqual([...indices].map((i) => i % 3));
      expect([...images]).toEqual(expectedImages(DATASET.train, PREPROCESSING, 2, indices));
    }
  });

  it('gives the same batches when it begins in the middle, with any number of workers and any look-ahead', async () => {
    const undisturbed = await all(open({ training: TRAINING }).epoch({ epoch: 1 }));
    const resumed = await all(open({ training: TRAINING, prefetch: 0 }).epoch({ epoch: 1, firstStep: 3 }));
    expect(resumed).toEqual(undisturbed.slice(3));
    expect(await all(open({ training: TRAINING, workers: 2, prefetch: 9 }).epoch({ epoch: 1 }))).toEqual(undisturbed);
    expect(await all(open({ training: TRAINING }).epoch({ epoch: 1, firstStep: 5 }))).toEqual([]);
  });

  it('changes with the epoch', async () => {
    const loader = open({ training: TRAINING });
    const [first, second] = [await all(loader.epoch({ epoch: 0 })), await all(loader.epoch({ epoch: 1 }))];
    expect(first[0]?.indices).not.toEqual(second[0]?.indices);
  });

  it('refuses a split that is smaller than a batch', () => {
    expect(() => open({ training: TRAINING, batchSize: 24 })).toThrow(/one batch: expected 24 or more, got 23/);
    expect(() => open({ batchSize: 0 })).toThrow(/batch size: expected a whole number above 0, got 0/);
  });
});

describe('a loader for evaluation', () => {
  it('takes all images in order, as they are, with a short batch at the end', async () => {
    const batches = await all(open().epoch());
    expect(batches.map(({ size }) => size)).toEqual([4, 4, 4, 4, 4, 3]);
    const { source } = DATASET.train;
    if (source.kind !== 'packed') throw new Error('not packed');
    const expected = Array.from({ length: 23 }, (_, i) => [...toTensor(pixelsAt(source, i), PREPROCESSING)]).flat();
    expect(batches.flatMap(({ images }) => [...images])).toEqual(expected);
  });
});

describe('leaving and failing', () => {
  it('an epoch may be left early, and another begun', async () => {
    const loader = open({ training: TRAINING });
    for await (const batch of loader.epoch({ epoch: 0 })) {
      expect(batch.size).toBe(4);
      break;
    }
    expect(await all(loader.epoch({ epoch: 1 }))).toHaveLength(5);
  });

  it('closing while batches are made ahead leaves nothing behind', async () => {
    const loader = open({ training: TRAINING });
    const batches = loader.epoch();
    await batches.next();
    await loader.close();
    await expect(all(batches)).rejects.toThrow(/batch loader: it is closed/);
    await expect(all(loader.epoch())).rejects.toThrow(/batch loader: it is closed/);
  });

  it('a file that vanished is an error that names it, and closes the loader', async () => {
    const paths = ['/no/such/image.png', '/no/such/other.png'];
    const split: Split = { length: 2, labels: Int32Array.of(0, 1), source: { kind: 'files', paths } };
    const loader = open({ split, batchSize: 1 });
    await expect(all(loader.epoch())).rejects.toThrow(/batch loader: \/no\/such\/image\.png: can't be read/);
    await expect(all(loader.epoch())).rejects.toThrow(/image\.png/);
  });

  it.each([
    ['can not start', "throw new Error('broken file')", /^batch loader: broken file$/],
    ['ends', 'export default () => process.exit(3)', /^batch loader: worker exited with code: 3$/],
    ['fails', "export default () => { throw new Error('no luck') }", /^batch loader: no luck$/],
  ])('a worker that %s is an error for every batch that waits for it', async (_, source, message) => {
    const folder = await temporaryFolder();
    await writeTree(folder, { 'worker.mjs': source });
    const recipe = { source: DATASET.train.source, preprocessing: PREPROCESSING, cacheBytes: 0 };
    const pool = openBatchPool(recipe, 1, { filename: join(folder, 'worker.mjs') });
    onTestFinished(() => pool.close());
    const task = { epoch: 0, indices: Uint32Array.of(0) };
    const results = await Promise.allSettled([pool.make(task), pool.make(task), pool.make(task)]);
    for (const result of results) expect(result.status === 'rejected' && result.reason.message).toMatch(message);
    await expect(pool.make(task)).rejects.toThrow(message);
  });
});

describe('a loader of image files', () => {
  async function folder(): Promise<{ dataset: Dataset; preprocessing: Preprocessing }> {
    const root = await temporaryFolder();
    const images = await Promise.all(Array.from({ length: 6 }, (_, i) => png(20 + 3 * i, 30, i)));
    await writeTree(root, Object.fromEntries(images.map((image, i) => [join(i % 2 ? 'a' : 'b', `${i}.png`), image])));
    const dataset = await openDataset(root);
    return { dataset, preprocessing: preprocessingFor(dataset, STATISTICS, { height: 8, width: 8 }) };
  }

  it('evaluates what `toTensor` makes of each file', async () => {
    const { dataset, preprocessing } = await folder();
    const batches = await all(open({ split: dataset.train, preprocessing }).epoch());
    const paths = dataset.train.source.kind === 'files' ? dataset.train.source.paths : [];
    const expected = await Promise.all(
      paths.map(async (path) => [...toTensor(await decodeImage(path), preprocessing)]),
    );
    expect(batches.flatMap(({ images }) => [...images])).toEqual(expected.flat());
  });

  it('gives the same batches from its cache, without a cache, and with more workers', async () => {
    const { dataset, preprocessing } = await folder();
    const training = { seed: 1, augmentation: { ...NO_AUGMENTATION, randomResizedCrop: RANDOM_RESIZED_CROP } };
    const options = { split: dataset.train, preprocessing, training, batchSize: 2 };
    const loader = open(options);
    const first = await all(loader.epoch({ epoch: 3 }));
    expect(await all(loader.epoch({ epoch: 3 }))).toEqual(first);
    expect(await all(open({ ...options, cacheBytes: 0, workers: 2 }).epoch({ epoch: 3 }))).toEqual(first);
    expect(first).not.toEqual(await all(loader.epoch({ epoch: 4 })));
  });
});
