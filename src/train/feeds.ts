import type { Batch } from '../data/batch/loader.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { type MIXED_INPUTS, ownInputNames, TEACHER_LOGITS, UPDATES } from '../distill/step.js';
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

/**
 * The inputs of a step, counted from 0 over the run (see `StepGraph`). The frozen teacher sees the images of the batch: mixed ones where
 * they are, never a perturbed network's.
 */
export async function feedsFor(
  source: FeedSource,
  batch: Batch,
  lr: number,
  count: number,
): Promise<Record<string, Tensor>> {
  const { settings, uniforms, teacher } = source;
  const images = imagesTensor(source, batch.images, batch.size);
  const labels = labelsTensor(batch.labels, batch.targets);
  const mixed = mixedLabels(batch, labels);
  const own = settings.inputPerturbation !== null;
  const inputs = own ? ownInputs(source, batch, images, mixed) : { images, ...(batch.mixed && mixed) };
  const feeds: Record<string, Tensor> = { labels, ...inputs };
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

type MixedTensors = Readonly<Record<(typeof MIXED_INPUTS)['partners' | 'lambda'], Tensor>>;

/** With whose labels those of a batch are mixed: their own where nothing is. */
function mixedLabels({ mixed }: Batch, labels: Tensor): MixedTensors {
  return {
    partners: mixed ? labelsTensor(mixed.partners, mixed.partnerTargets) : labels,
    lambda: scalar(mixed?.lambda ?? 1),
  };
}

/** The batch for each network; all but a perturbed one share their tensors. */
function ownInputs(source: FeedSource, batch: Batch, images: Tensor, mixed: MixedTensors): Record<string, Tensor> {
  const { perturbed, size } = batch;
  const feeds: Record<string, Tensor> = {};
  for (const i of source.settings.nets.keys()) {
    const names = ownInputNames(i);
    const own = perturbed?.network === i ? perturbed : undefined;
    feeds[names.images] = own ? imagesTensor(source, own.images, size) : images;
    feeds[names.partners] = own ? labelsTensor(own.partners, own.partnerTargets) : mixed.partners;
    feeds[names.lambda] = own ? scalar(own.lambda) : mixed.lambda;
  }
  return feeds;
}

function imagesTensor({ input }: FeedSource, images: Float32Array, size: number): Tensor {
  return tensor('float32', [size, input.channels, input.height, input.width], images);
}

/** Class indices, or the rows [size, classes] of images with any number of classes. */
function labelsTensor(labels: Int32Array, targets?: Float32Array): Tensor {
  if (targets) return tensor('float32', [labels.length, targets.length / labels.length], targets);
  return tensor('int64', [labels.length], BigInt64Array.from(labels, BigInt));
}
