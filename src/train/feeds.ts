import type { Batch, MixedLabels } from '../data/batch/loader.js';
import type { PixelBatch } from '../data/batch/pixel-loader.js';
import { MOVE_NUMBERS } from '../data/batch/pixel-maker.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { featuresName, type MIXED_INPUTS, ownInputNames, TEACHER_LOGITS, UPDATES } from '../distill/step.js';
import { MOVES } from '../lower/pixel-images.js';
import { elementCount, scalar, type Tensor, tensor } from '../onnx/tensor.js';
import { createOptimizer } from '../optim/optimizer.js';
import { updatesIn } from '../settings/learning-rate.js';
import type { Settings } from '../settings/settings.js';
import { stream } from '../util/random.js';
import { imagesTensor, type TrainingBatch } from './batch-inputs.js';
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

/**
 * The inputs of a step, counted from 0 over the run (see `StepGraph`). The frozen teacher sees the images of the batch: mixed ones where
 * they are, never a perturbed network's. Images without labels are behind those of the batch.
 */
export async function feedsFor(
  source: FeedSource,
  batch: TrainingBatch,
  lr: number,
  count: number,
): Promise<Record<string, Tensor>> {
  const { settings, uniforms } = source;
  const feeds = await feedsOf(source, batch);
  const update = updatesIn(settings, count) + 1;
  const scalars = scalarsOf(settings, lr, source.updatesBefore + update);
  if (settings.accumulate > 1) feeds[UPDATES] = scalar(updatesIn(settings, count + 1) === update ? 1 : 0);
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

/** The scalars of the n-th update; where updates may be left out, as in float16, those with which these don't count. */
function scalarsOf({ optimizer, precision }: Settings, lr: number, update: number): Record<string, number> {
  const { skips, ...rule } = createOptimizer(optimizer);
  return { ...rule.scalarsAt(lr, update), ...(precision === 'float16' && skips?.scalarsAt(update)) };
}

async function feedsOf(source: FeedSource, batch: TrainingBatch): Promise<Record<string, Tensor>> {
  if ('features' in batch) return featureFeeds(batch);
  if ('pixels' in batch) return { labels: labelsTensor(batch), ...pixelFeeds(batch, source.input) };
  return imageFeeds(source, batch);
}

async function imageFeeds(source: FeedSource, batch: Batch): Promise<Record<string, Tensor>> {
  const { settings, teacher, input } = source;
  const images = withUnlabelled(input, batch, batch.images);
  const labels = labelsTensor(batch);
  const mixed = mixedLabels(batch, labels);
  const own = settings.inputPerturbation !== null;
  const inputs = own ? ownInputs(source, batch, images, mixed) : { images, ...(batch.mixed && mixed) };
  const feeds: Record<string, Tensor> = { labels, ...inputs };
  if (teacher) feeds[TEACHER_LOGITS] = await teacher.logits(images);
  return feeds;
}

/** So many images of a batch, and those without labels behind them. */
function withUnlabelled(input: FeedSource['input'], { size, unlabelled }: Batch, images: Batch['images']): Tensor {
  if (!unlabelled) return imagesTensor(input, images, size);
  const joined = new Float32Array(images.length + unlabelled.images.length);
  joined.set(images);
  joined.set(unlabelled.images, images.length);
  return imagesTensor(input, joined, size + unlabelled.size);
}

function featureFeeds(batch: FeatureBatch): Record<string, Tensor> {
  const own = batch.features.map((each, i) => [featuresName(i), each] as const);
  return { labels: labelsTensor(batch), ...Object.fromEntries(own) };
}

type MixedTensors = Readonly<Record<(typeof MIXED_INPUTS)['partners' | 'lambda'], Tensor>>;

/** With whose labels those of a batch are mixed: their own where nothing is. */
function mixedLabels({ mixed }: Batch, labels: Tensor): MixedTensors {
  return { partners: mixed ? partnersTensor(mixed) : labels, lambda: scalar(mixed?.lambda ?? 1) };
}

/** The batch for each network; all but a perturbed one share their tensors. */
function ownInputs(source: FeedSource, batch: Batch, images: Tensor, mixed: MixedTensors): Record<string, Tensor> {
  const { perturbed } = batch;
  const feeds: Record<string, Tensor> = {};
  for (const i of source.settings.nets.keys()) {
    const names = ownInputNames(i);
    const own = perturbed?.network === i ? perturbed : undefined;
    feeds[names.images] = own ? withUnlabelled(source.input, batch, own.images) : images;
    feeds[names.partners] = own ? partnersTensor(own) : mixed.partners;
    feeds[names.lambda] = own ? scalar(own.lambda) : mixed.lambda;
  }
  return feeds;
}

function partnersTensor({ partners, partnerTargets }: MixedLabels): Tensor {
  return labelsTensor({ labels: partners, ...(partnerTargets && { targets: partnerTargets }) });
}

/** Class indices, or the rows [size, classes] of images with any number of classes. */
function labelsTensor({ labels, targets }: Pick<Batch, 'labels' | 'targets'>): Tensor {
  if (targets) return tensor('float32', [labels.length, targets.length / labels.length], targets);
  return tensor('int64', [labels.length], BigInt64Array.from(labels, BigInt));
}

/** What a step is fed that prepares its images itself (`takePixels`): those without labels are behind the others. */
export function pixelFeeds(
  { pixels, moves, size, unlabelled }: PixelBatch,
  { channels, height, width }: Pick<Preprocessing, 'channels' | 'height' | 'width'>,
): Record<string, Tensor> {
  const rows = size + (unlabelled?.size ?? 0);
  const bytes = unlabelled
    ? joined(new Uint8Array(pixels.length + unlabelled.pixels.length), pixels, unlabelled.pixels)
    : pixels;
  const images = tensor('uint8', [rows, channels, height, width], bytes);
  if (!moves) return { images };
  const others = unlabelled?.moves;
  const all = others ? joined(new Float32Array(moves.length + others.length), moves, others) : moves;
  return { images, [MOVES]: tensor('float32', [rows, MOVE_NUMBERS], all) };
}

function joined<Numbers extends Uint8Array | Float32Array>(into: Numbers, first: Numbers, second: Numbers): Numbers {
  into.set(first);
  into.set(second, first.length);
  return into;
}
