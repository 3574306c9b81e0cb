import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { channelStatistics } from '../../src/data/batch/statistics.js';
import { classCounts } from '../../src/data/dataset/dataset.js';
import { summarise } from '../../src/data/dataset/summary.js';
import { openDataset } from '../../src/data/formats/open.js';
import { shared, temporaryFolder } from './helpers.js';

const cifar = shared('data/unpack-cifar100.mjs');
const clothing = shared('data/images/clothing_small');
const ants = shared('data/images/ants_and_bees');
const FASHION = '/usr/share/datasets/fashion-mnist';

const title = (text: string, { absent }: { absent: boolean }, what: string) =>
  absent ? `${text} (skipped: ${what} is absent)` : text;

describe('real data', () => {
  const withCifar = title('CIFAR-100 has the published mean and deviation', cifar, '../shared/data/cifar-100');
  it.skipIf(cifar.absent)(withCifar, { timeout: 120_000 }, async () => {
    const folder = await temporaryFolder();
    const root = fileURLToPath(new URL('../..', import.meta.url));
    await promisify(execFile)(process.execPath, [cifar.path, folder], { cwd: root });
    const dataset = await openDataset(folder);
    expect([dataset.train.length, dataset.test?.length, dataset.classes[99]]).toEqual([50000, 10000, 'worm']);
    expect(new Set(classCounts(dataset.train.labels, 100))).toEqual(new Set([500]));
    const { mean, std } = await channelStatistics(dataset);
    const rounded = (values: readonly number[]) => values.map((value) => value.toFixed(8));
    expect(rounded(mean)).toEqual(['0.50707516', '0.48654887', '0.44091784']);
    expect(rounded(std)).toEqual(['0.26733429', '0.25643846', '0.27615047']);
  });

  const withClothing = title('clothing_small has its three splits', clothing, '../shared/data/images/clothing_small');
  it.skipIf(clothing.absent)(withClothing, { timeout: 60_000 }, async () => {
    const { splits, classes, skipped } = summarise(await openDataset(clothing.path));
    expect(splits.map(({ images }) => images)).toEqual([1536, 173, 372]);
    expect([classes.length, skipped]).toEqual([10, []]);
  });

  const withAnts = title('ants_and_bees has train and val', ants, '../shared/data/images/ants_and_bees');
  it.skipIf(ants.absent)(withAnts, { timeout: 60_000 }, async () => {
    const { splits, classes } = summarise(await openDataset(ants.path));
    expect(splits.map(({ name }) => name)).toEqual(['train', 'validation']);
    expect(classes.map(({ name }) => name)).toEqual(['ants', 'bees']);
  });

  const fashion = { absent: !existsSync(FASHION) };
  const withFashion = title(
    'Fashion-MNIST has 70,000 grey images',
    fashion,
    `package dataset-fashion-mnist, ${FASHION},`,
  );
  it.skipIf(fashion.absent)(withFashion, { timeout: 60_000 }, async () => {
    const { train, test, size, channels } = await openDataset(FASHION);
    expect([train.length, test?.length, size, channels]).toEqual([60000, 10000, { height: 28, width: 28 }, 1]);
  });
});
