import type { Batch } from '../data/batch/loader.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { ownInputNames, TEACHER_LOGITS, UPDATES } from '../distill/step.js';
import { elementCount, scalar, type Tensor, tensor } from '../onnx/tensor.js';
import { createOptimizer } from '../optim/optimizer.js';
import { updatesIn } from '../settings/learning-rate.js';
import type { Settings } from '../settings/settings.js';
import { stream } from '../util/random.js';
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
  batch: Batch,
  lr: number,
  count: number,
): Promise<Record<string, Tensor>> {
  const { settings, uniforms, teacher } = source;
  const images = imagesTensor(source, batch.images, batch.size);
  const labels = labelsTensor(batch.labels);
  const own = settings.inputPerturbation !== null;
  const feeds: Record<string, Tensor> = { labels, ...(own ? ownInputs(source, batch, images, labels) : { images }) };
  const update = updatesIn(settings, count) + 1;
  const scalars = createOptimizer(settings.optimizer).scalarsAt(lr, source.updatesBefore + update);
  if (settings.accumulate > 1) feeds[UPDATES] = scalar(updatesIn(settings, count + 1) === update ? 1 : 0);
  for (const [name, value] of Object.entries(scalars)) feeds[name] = scalar(value);
  for (const { name, shape } of uniforms) {
    const random = stream(settings.seed, 'uniform', name, count);
    const numbers = Float32Array.from({ length: elementCount(shape) }, () => random.uniform());
    feeds[name] = tensor('float32', shape, numbers);
  }
  if (teacher) feeds[TEACHER_LOGITS] = await teacher.logits(images);
  return feeds;
}

/** The batch for each network; all but a perturbed one share the clean tensors. */
function ownInputs(source: FeedSource, batch: Batch, images: Tensor, labels: Tensor): Record<string, Tensor> {
  const { perturbed, size } = batch;
  const feeds: Record<string, Tensor> = {};
  for (const i of source.settings.nets.keys()) {
    const names = ownInputNames(i);
    const own = perturbed?.network === i ? perturbed : undefined;
    feeds[names.images] = own ? imagesTensor(source, own.images, size) : images;
    feeds[names.partners] = own ? labelsTensor(own.partners) : labels;
    feeds[names.lambda] = scalar(own?.lambda ?? 1);
  }
  return feeds;
}

function imagesTensor({ input }: FeedSource, images: Float32Array, size: number): Tensor {
  return tensor('float32', [size, input.channels, input.height, input.width], images);
}

function labelsTensor(labels: Int32Array): Tensor {
  return tensor('int64', [labels.length], BigInt64Array.from(labels, BigInt));
}
