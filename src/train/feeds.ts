import type { Batch } from '../data/batch/loader.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { featuresName, ownInputNames, TEACHER_LOGITS } from '../distill/step.js';
import { elementCount, scalar, type Tensor, tensor } from '../onnx/tensor.js';
import { createOptimizer } from '../optim/optimizer.js';
import type { Settings } from '../settings/settings.js';
import { stream } from '../util/random.js';
import { imagesTensor, type NetworkBatch } from './batch-inputs.js';
import type { FeatureBatch } from './features/feature-loader.js';
import type { FrozenTeacher } from './frozen-teacher.js';

/** What the feeds of a step depend on, besides its batch. */
export interface FeedSource {
  readonly settings: Settings;
  readonly input: Pick<Preprocessing, 'channels' | 'height' | 'width'>;
  /** The step's inputs for uniform random numbers. */
  readonly uniforms: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly teacher: FrozenTeacher | undefined;
  /** Updates that the optimizer state had seen when the run began. */
  readonly updatesBefore: number;
}

/** The inputs of a step, counted from 0 over the run (see `StepGraph`). The frozen teacher sees the clean images. */
export async function feedsFor(
  source: FeedSource,
  batch: NetworkBatch,
  lr: number,
  count: number,
): Promise<Record<string, Tensor>> {
  const { settings, uniforms } = source;
  const feeds = 'features' in batch ? featureFeeds(batch) : await imageFeeds(source, batch);
  const scalars = createOptimizer(settings.optimizer).scalarsAt(lr, source.updatesBefore + count + 1);
  for (const [name, value] of Object.entries(scalars)) feeds[name] = scalar(value);
  for (const { name, shape } of uniforms) {
    const random = stream(settings.seed, 'uniform', name, count);
    const numbers = new Float32Array(elementCount(shape));
    // Many a step: several times as fast as `Float32Array.from`
    for (let i = 0; i < numbers.length; i++) numbers[i] = random.uniform();
    feeds[name] = tensor('float32', shape, numbers);
  }
  return feeds;
}

async function imageFeeds(source: FeedSource, batch: Batch): Promise<Record<string, Tensor>> {
  const { settings, teacher, input } = source;
  const images = imagesTensor(input, batch.images, batch.size);
  const labels = labelsTensor(batch.labels);
  const own = settings.inputPerturbation !== null;
  const feeds: Record<string, Tensor> = { labels, ...(own ? ownInputs(source, batch, images, labels) : { images }) };
  if (teacher) feeds[TEACHER_LOGITS] = await teacher.logits(images);
  return feeds;
}

function featureFeeds({ features, labels }: FeatureBatch): Record<string, Tensor> {
  const own = features.map((each, i) => [featuresName(i), each] as const);
  return { labels: labelsTensor(labels), ...Object.fromEntries(own) };
}

/** The batch for each network; all but a perturbed one share the clean tensors. */
function ownInputs(source: FeedSource, batch: Batch, images: Tensor, labels: Tensor): Record<string, Tensor> {
  const { perturbed, size } = batch;
  const feeds: Record<string, Tensor> = {};
  for (const i of source.settings.nets.keys()) {
    const names = ownInputNames(i);
    const own = perturbed?.network === i ? perturbed : undefined;
    feeds[names.images] = own ? imagesTensor(source.input, own.images, size) : images;
    feeds[names.partners] = own ? labelsTensor(own.partners) : labels;
    feeds[names.lambda] = scalar(own?.lambda ?? 1);
  }
  return feeds;
}

function labelsTensor(labels: Int32Array): Tensor {
  return tensor('int64', [labels.length], BigInt64Array.from(labels, BigInt));
}
