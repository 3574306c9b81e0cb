import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { augment } from '../../../src/data/batch/augment.js';
import type { Batch, Loader } from '../../../src/data/batch/loader.js';
import { withUnlabelled } from '../../../src/data/batch/unlabelled-loader.js';
import { decodeImage } from '../../../src/data/image/decode.js';
import { preprocessingFor, toTensor } from '../../../src/data/image/preprocess.js';
import { permutation, stream } from '../../../src/util/random.js';
import { packedDataset, png, temporaryFolder, writeTree } from '../helpers.js';

const SEED = 11;
const AUGMENTATION = { randomResizedCrop: null, padCrop: 1, flip: true, rotation: 0 };
const DATASET = packedDataset(13);
const PREPROCESSING = preprocessingFor(DATASET, { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] });
/** So many images without labels, fewer than there are in two steps. */
const [OTHERS, COUNT] = [5, 4];

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const list: Batch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}

/** A loader of three steps an epoch, whose batches are told apart by their indices. */
const LABELLED: Loader = {
  steps: 3,
  async *epoch({ epoch = 0, firstStep = 0 } = {}) {
    for (let step = firstStep; step < 3; step++) yield labelledBatch(epoch, step);
  },
  close: async () => {},
};

function labelledBatch(epoch: number, step: number): Batch {
  return { images: Float32Array.of(0), labels: Int32Array.of(0), indices: Uint32Array.of(epoch, step), size: 1 };
}

it('images without labels go beside each batch: pass after pass, each in an order of its own, wherever an epoch begins', async () => {
  const root = await temporaryFolder();
  const files = await Promise.all(Array.from({ length: OTHERS }, async (_, i) => [`${i}.png`, await png(5, 5, i)]));
  await writeTree(root, Object.fromEntries(files));
  const paths = files.map(([name]) => join(root, name as string));
  const open = (workers: number) => {
    const source = { kind: 'files', paths } as const;
    const options = { source, preprocessing: PREPROCESSING, augmentation: AUGMENTATION, seed: SEED, count: COUNT };
    const loader = withUnlabelled(LABELLED, { ...options, workers });
    onTestFinished(() => loader.close());
    return loader;
  };
  const loader = open(1);
  expect(loader.steps).toBe(3);
  const batches = [...(await all(loader.epoch())), ...(await all(loader.epoch({ epoch: 1 })))];

  const decoded = await Promise.all(paths.map((path) => decodeImage(path)));
  const expected = Array.from({ length: 6 * COUNT }, (_, place) => {
    const order = permutation(OTHERS, stream(SEED, 'unlabelled', Math.floor(place / OTHERS)));
    const image = decoded[order[place % OTHERS] as number] as (typeof decoded)[number];
    const random = stream(SEED, 'augment', 0, `unlabelled ${place}`);
    return [...toTensor(augment(image, AUGMENTATION, PREPROCESSING, random), PREPROCESSING)];
  });
  expect(batches.flatMap(({ unlabelled }) => [...(unlabelled?.images ?? [])])).toEqual(expected.flat());
  expect(new Set(batches.map(({ unlabelled }) => unlabelled?.size))).toEqual(new Set([COUNT]));

  const labelled = [0, 1].flatMap((epoch) => [0, 1, 2].map((step) => labelledBatch(epoch, step)));
  expect(batches.map(({ unlabelled, ...batch }) => batch)).toEqual(labelled);

  // Left early, and begun in the middle
  for await (const batch of loader.epoch()) {
    expect(batch).toEqual(batches[0]);
    break;
  }
  expect(await all(open(2).epoch({ epoch: 1, firstStep: 1 }))).toEqual(batches.slice(4));
});
