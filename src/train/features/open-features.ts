import { totalmem } from 'node:os';
import type { Loader } from '../../data/batch/loader.js';
import { type Dataset, type SplitName, splitsOf } from '../../data/dataset/dataset.js';
import { gigabytes } from '../../runtime/memory/free-memory.js';
import { at } from '../../util/checked.js';
import { fail, present } from '../../util/error.js';
import { type Backbone, distinct } from './backbone.js';
import { computeFeatures, type FeatureOptions, type Features } from './compute-features.js';
import { type FeatureBatch, type FeatureLoaderOptions, type FeatureTable, featureLoader } from './feature-loader.js';
import type { Sheet } from './wanted.js';

export interface OpenFeatureOptions extends Omit<FeatureOptions, 'backbones' | 'sheets'> {
  readonly dataset: Dataset;
  /** How many views of each training image there are. */
  readonly views: number;
}

/** Features of all images of a run, in memory. */
export interface OpenFeatures {
  /** What was computed, and what was found on disk. */
  readonly note: string;
  loader(split: SplitName, options: Pick<FeatureLoaderOptions, 'batchSize' | 'training'>): Loader<FeatureBatch>;
}

/** The features of all splits by the backbones of some networks, one each: of the training images in all views, of the others in one. */
export async function openFeatures(
  backbones: readonly Backbone[],
  { dataset, views, ...options }: OpenFeatureOptions,
): Promise<OpenFeatures> {
  const { own, of } = distinct(backbones);
  const splits = splitsOf(dataset);
  const sheets = splits.flatMap(({ name, split }) => {
    return Array.from({ length: name === 'train' ? views : 1 }, (_, view): Sheet & { name: SplitName } => ({
      name,
      split,
      view,
    }));
  });
  checkMemory(sheets, own);
  const features = await computeFeatures({ ...options, backbones: own, sheets });
  const tableOf = (name: SplitName) => {
    const chosen = sheets.flatMap((sheet, s) => (sheet.name === name ? [s] : []));
    return own.map(({ dims }, b): FeatureTable => ({ dims, views: chosen.map((s) => at(at(features.tables, b), s)) }));
  };
  const tables = new Map(splits.map(({ name }) => [name, tableOf(name)]));
  return {
    note: noteOf(features, own, options.onDisk),
    loader: (name, how) => {
      const known = present(tables.get(name), `the features of ${name}`);
      const split = present(dataset[name], name);
      return featureLoader({ tables: of.map((b) => at(known, b)), split, ...how });
    },
  };
}

/** Share of the machine's memory that features may take. */
const MEMORY_SHARE = 0.5;

/** Fails before the first image is sent through, where the features of all would not fit. */
function checkMemory(sheets: readonly Sheet[], backbones: readonly Backbone[]): void {
  const images = sheets.reduce((sum, { split }) => sum + split.length, 0);
  const bytes = backbones.reduce((sum, { length }) => sum + images * length * Float32Array.BYTES_PER_ELEMENT, 0);
  const most = MEMORY_SHARE * totalmem();
  if (bytes <= most) return;
  fail(
    'features of the frozen backbone',
    `${images} images of ${backbones.map(({ dims }) => dims.join('x')).join(' and ')} numbers`,
    {
      expected: `at most ${gigabytes(most)}, half of the machine's memory`,
      got: gigabytes(bytes),
      hint: 'Use fewer --views, or compute them anew in every step (--feature-cache none)',
    },
  );
}

function noteOf({ computed, found, problem }: Features, backbones: readonly Backbone[], onDisk: boolean): string {
  const lengths = backbones.map(({ dims }) => dims.join('x')).join(' and ');
  const parts = [
    ...(computed > 0 ? [`computed for ${computed} ${computed === 1 ? 'image' : 'images'}`] : []),
    ...(found > 0 ? [`found on disk for ${found}`] : []),
  ];
  const kept =
    onDisk && problem === undefined ? '' : onDisk ? `; they can't be kept: ${problem}` : '; not kept on disk';
  return `features of the frozen ${backbones.length > 1 ? 'backbones' : 'backbone'} (${lengths} numbers an image): ${parts.join(', ')}${kept}`;
}
