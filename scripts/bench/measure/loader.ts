import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { defaultAugmentation } from '../../../src/data/batch/augment.js';
import type { Batch, Loader } from '../../../src/data/batch/loader.js';
import { createLoader } from '../../../src/data/batch/open-loader.js';
import { channelStatistics } from '../../../src/data/batch/statistics.js';
import type { Dataset } from '../../../src/data/dataset/dataset.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { preprocessingFor } from '../../../src/data/image/preprocess.js';
import type { Stepper } from '../../../src/runtime/stepping/stepper.js';
import { label } from '../names.js';
import { median, round, sum } from '../numbers.js';
import { type Built, build, choose, feedsFor, loadInitial, open, type Workload } from '../workload.js';
import { makeJpegFolder, makePacked } from './images.js';
import { timeSteps } from './step-time.js';

/** Whether a training run waits for its images. Rates are images a second. */
export interface LoaderResult {
  readonly data: string;
  readonly nets: string;
  readonly batch: number;
  readonly workers: number;
  /** The loader alone, its files read and decoded (or, in memory, as they are) each time. */
  readonly loader: number;
  /** The loader alone in later epochs, when decoded images are kept. Files only. */
  readonly cached?: number;
  /** The step alone. */
  readonly step: number;
  /** Both together, files decoded. */
  readonly both: number;
  /** Share of the time of both that the step waits for a batch. */
  readonly stall: number;
}

const WORKERS = 1;
/** Batches that may have been made ahead before the first one is asked for, and one under way. */
const AHEAD = 2 * WORKERS + 2;
const PACKED_IMAGES = 10_240;
/** Batches of the loader alone. */
const LOADER_BATCHES = 12;

/** Measures the loader, the step, and both; images of 32 px come from memory, larger ones from JPEG files. */
export async function measureLoader(workload: Workload, steps: number): Promise<LoaderResult> {
  if (workload.size <= 32) return measure(workload, steps, makePacked(PACKED_IMAGES, workload.size), 'in memory');
  const folder = await mkdtemp(join(tmpdir(), 'agon-jpeg-'));
  try {
    await makeJpegFolder(folder, workload.batch * LOADER_BATCHES);
    return await measure(workload, steps, await openDataset(folder), 'JPEG files of 500x375');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(workload: Workload, steps: number, dataset: Dataset, what: string): Promise<LoaderResult> {
  const { batch, size, nets } = workload;
  const files = dataset.train.source.kind === 'files';
  const built = build(workload);
  const stepper = await open(built, await choose(built));
  loadInitial(built, stepper);
  try {
    const alone = await timeSteps(built, stepper, steps);
    return {
      data: `${size}x${size}, ${what}`,
      nets: nets.map(label).join(','),
      batch,
      workers: WORKERS,
      loader: round(await loaderRate(workload, dataset, files ? 0 : undefined)),
      ...(files && { cached: round(await loaderRate(workload, dataset, undefined, 1)) }),
      step: round((batch / median(alone)) * 1e3),
      ...(await together(built, stepper, dataset, steps)),
    };
  } finally {
    await stepper.close();
  }
}

/** Images a second of the loader alone, after `skipped` epochs. */
async function loaderRate(workload: Workload, dataset: Dataset, cacheBytes?: number, skipped = 0): Promise<number> {
  const loader = await openLoader(workload, dataset, cacheBytes);
  try {
    for (let epoch = 0; epoch < skipped; epoch++) for await (const _ of loader.epoch({ epoch }));
    const arrivals: number[] = [];
    for await (const _ of batches(loader, LOADER_BATCHES + AHEAD)) arrivals.push(performance.now());
    const counted = arrivals.slice(AHEAD - 1);
    const ms = (counted.at(-1) as number) - (counted[0] as number);
    return (workload.batch * (counted.length - 1) * 1e3) / ms;
  } finally {
    await loader.close();
  }
}

/** The training loop's own order: wait for a batch, step; the first batches, made ahead, are not counted. */
async function together(built: Built, stepper: Stepper, dataset: Dataset, steps: number) {
  const { workload } = built;
  const files = dataset.train.source.kind === 'files';
  const loader = await openLoader(workload, dataset, files ? 0 : undefined);
  const rows: { waited: number; ms: number }[] = [];
  try {
    let asked = performance.now();
    for await (const batch of batches(loader, steps + AHEAD)) {
      const waited = performance.now() - asked;
      await stepper.step(feedsFor(built, batch, rows.length));
      rows.push({ waited, ms: performance.now() - asked });
      asked = performance.now();
    }
  } finally {
    await loader.close();
  }
  const counted = rows.slice(AHEAD);
  const ms = sum(counted.map((row) => row.ms));
  const waited = sum(counted.map((row) => row.waited));
  return { both: round((workload.batch * counted.length * 1e3) / ms), stall: round(waited / ms, 4) };
}

/** So many batches, from as many epochs as they take. */
async function* batches(loader: Loader, count: number): AsyncGenerator<Batch, void, undefined> {
  let left = count;
  for (let epoch = 0; left > 0; epoch++) {
    for await (const batch of loader.epoch({ epoch })) {
      yield batch;
      if (--left === 0) return;
    }
  }
}

/** A training loader with the augmentation and the workers that a run has by default. */
async function openLoader({ batch, size }: Workload, dataset: Dataset, cacheBytes?: number): Promise<Loader> {
  const input = { height: size, width: size };
  return createLoader({
    split: dataset.train,
    preprocessing: preprocessingFor(dataset, await channelStatistics(dataset, { input }), input),
    batchSize: batch,
    workers: WORKERS,
    training: { seed: 0, augmentation: defaultAugmentation(dataset, input) },
    ...(cacheBytes !== undefined && { cacheBytes }),
  });
}
