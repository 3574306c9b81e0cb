import { stepCount } from '../../data/batch/batch-order.js';
import { epochOrder } from '../../data/batch/epoch-order.js';
import { checkBatchSize, type Loader } from '../../data/batch/loader.js';
import type { Split } from '../../data/dataset/dataset.js';
import { labelsAt } from '../../data/dataset/labels-at.js';
import { type Tensor, tensor } from '../../onnx/tensor.js';
import { at } from '../../util/checked.js';
import { stream } from '../../util/random.js';

/** Features of images for the heads of networks. */
export interface FeatureBatch {
  /** One for each network, [size, ...]. */
  readonly features: readonly Tensor[];
  /** Class indices, [size]. */
  readonly labels: Int32Array;
  /** Of images with any number of classes, 0 or 1: [size, classes]. */
  readonly targets?: Float32Array;
  /** Positions of the images in the split, [size]. */
  readonly indices: Uint32Array;
  readonly size: number;
}

/** The features of a split's images by one backbone. */
export interface FeatureTable {
  /** Of one image. */
  readonly dims: readonly number[];
  /** One for each view: [images, ...dims]. */
  readonly views: readonly Float32Array[];
}

export interface FeatureLoaderOptions {
  /** One for each network; networks with equal backbones have the same one. */
  readonly tables: readonly FeatureTable[];
  readonly split: Pick<Split, 'length' | 'labels' | 'targets'>;
  readonly batchSize: number;
  /** For training: images are shuffled as they are without features, each in one of its views, and a last short batch is dropped. */
  readonly training?: { readonly seed: number; readonly balanced?: boolean };
}

/** Batches out of features that are in memory. */
export function featureLoader(options: FeatureLoaderOptions): Loader<FeatureBatch> {
  const { tables, split, batchSize, training } = options;
  checkBatchSize(split.length, batchSize, training !== undefined);
  const steps = stepCount(split.length, batchSize, training !== undefined);
  return {
    steps,
    close: async () => {},
    async *epoch({ epoch = 0, firstStep = 0 } = {}) {
      const { order } = epochOrder(options, epoch);
      const views = viewsOf(tables, order.length, epoch, training);
      for (let step = firstStep; step < steps; step++) {
        const [from, to] = [step * batchSize, Math.min(order.length, (step + 1) * batchSize)];
        const indices = order.slice(from, to);
        const gathered = new Map<FeatureTable, Tensor>();
        for (const table of tables)
          gathered.set(table, gathered.get(table) ?? gather(table, indices, views.subarray(from, to)));
        const [labels, targets] = labelsAt(split, indices);
        yield {
          features: tables.map((table) => gathered.get(table) as Tensor),
          labels,
          ...(targets && { targets }),
          indices,
          size: indices.length,
        };
      }
    },
  };
}

/** The view in which an epoch takes each image, in its order. */
function viewsOf(
  [table]: readonly FeatureTable[],
  images: number,
  epoch: number,
  training: FeatureLoaderOptions['training'],
): Uint8Array {
  const views = new Uint8Array(images);
  const count = table?.views.length ?? 1;
  if (!training || count === 1) return views;
  const random = stream(training.seed, 'view', epoch);
  return views.map(() => random.below(count));
}

function gather({ dims, views }: FeatureTable, indices: Uint32Array, chosen: Uint8Array): Tensor {
  const length = dims.reduce((product, size) => product * size, 1);
  const data = new Float32Array(indices.length * length);
  indices.forEach((i, slot) => {
    data.set(at(views, at(chosen, slot)).subarray(i * length, (i + 1) * length), slot * length);
  });
  return tensor('float32', [indices.length, ...dims], data);
}
