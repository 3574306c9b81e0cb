import { batchMaker } from '../data/batch/batch-maker.js';
import type { Loader } from '../data/batch/loader.js';
import { type SplitName, splitsOf } from '../data/dataset/dataset.js';
import type { Emit } from '../events/events.js';
import { float32Data } from '../onnx/tensor.js';
import type { Settings } from '../settings/settings.js';
import { imagesTensor } from '../train/batch-inputs.js';
import {
  type FeatureBatch,
  type FeatureLoaderOptions,
  type FeatureTable,
  featureLoader,
} from '../train/features/feature-loader.js';
import { checkStop } from '../train/stop.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';
import type { PageData } from './pictures/page-data.js';
import { loadFrom } from './pictures/page-loader.js';
import { takeBreath } from './web/breath.js';
import type { WebBackbone } from './web/web-backbone.js';

interface FeatureOptions {
  readonly data: PageData;
  readonly settings: Pick<Settings, 'seed' | 'views'>;
  /** A digest of a picture's file, by which its views are drawn. */
  readonly digestOf: (path: string) => Promise<string>;
  readonly emit: Emit;
  readonly stopRequested: () => boolean;
}

/** Features of all pictures of a run, in memory. */
export interface PageFeatures {
  loader(split: SplitName, options: Pick<FeatureLoaderOptions, 'batchSize' | 'training'>): Loader<FeatureBatch>;
}

/** Pictures of a batch: larger ones take memory and no less time. */
const BATCH = 8;

/**
 * The features of all splits by the backbones of some networks, one each, several of which may be the same: of the training pictures in all
 * views (0 as at evaluation, the others augmented), of the others in one.
 */
export async function computePageFeatures(
  backbones: readonly WebBackbone[],
  options: FeatureOptions,
): Promise<PageFeatures> {
  const { data, settings, emit } = options;
  const own = [...new Set(backbones)];
  const sheets = splitsOf(data.dataset).map(({ name, split }) => ({
    name,
    split,
    views: name === 'train' ? settings.views : 1,
  }));
  const all = sheets.reduce((sum, { split, views }) => sum + split.length * views, 0);
  let done = 0;
  const tell = (count: number) => {
    done += count;
    emit({ type: 'phase', phase: 'features', done, of: all });
  };
  const tables = new Map<SplitName, readonly FeatureTable[]>();
  for (const { name, views } of sheets) {
    const made = await Promise.all(own.map(async ({ dims }) => ({ dims, views: [] as Float32Array[] })));
    for (let view = 0; view < views; view++) {
      const rows = await viewOf(own, name, view, options, tell);
      for (const [b, table] of made.entries()) table.views.push(at(rows, b));
    }
    tables.set(name, made);
  }
  return {
    loader: (name, how) => {
      const known = present(tables.get(name), `the features of ${name}`);
      const split = present(data.dataset[name], name);
      return featureLoader({ tables: backbones.map((each) => at(known, own.indexOf(each))), split, ...how });
    },
  };
}

/** One view of a split by each backbone: [pictures, length]. */
async function viewOf(
  backbones: readonly WebBackbone[],
  name: SplitName,
  view: number,
  { data, settings, digestOf, stopRequested }: FeatureOptions,
  tell: (count: number) => void,
): Promise<Float32Array[]> {
  const { pictures, preprocessing, augmentation } = data;
  const { source, length } = present(data.dataset[name], name);
  if (source.kind !== 'files') throw new Error('internal error: packed images in a page');
  const training = view === 0 ? {} : { training: { seed: settings.seed, augmentation } };
  const make = batchMaker({ preprocessing, ...training }, loadFrom(pictures, { source, preprocessing, ...training }));
  const rows = backbones.map(({ dims }) => new Float32Array(length * dims.reduce((a, b) => a * b, 1)));
  for (let first = 0; first < length; first += BATCH) {
    checkStop(stopRequested);
    await takeBreath();
    const indices = Uint32Array.from({ length: Math.min(BATCH, length - first) }, (_, i) => first + i);
    const names =
      view === 0 ? {} : { names: await Promise.all([...indices].map((i) => digestOf(at(source.paths, i)))) };
    const { images } = await make({ epoch: view, indices, ...names });
    const batch = imagesTensor(preprocessing, images, indices.length);
    for (const [b, backbone] of backbones.entries()) {
      const features = float32Data(await backbone.features(batch));
      at(rows, b).set(features, (first * at(rows, b).length) / length);
    }
    tell(indices.length);
  }
  return rows;
}
