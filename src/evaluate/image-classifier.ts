import type { ClassifierOptions } from '../classifier/classifier.js';
import { type GivenFacts, type KnownClassifier, openKnownClassifier } from '../classifier/known-classifier.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { float32Data } from '../onnx/tensor.js';
import { deviceOf } from '../runtime/device.js';
import { at } from '../util/checked.js';
import { mapAhead } from '../util/concurrency.js';
import { messageOf, present } from '../util/error.js';
import { toProbabilities } from '../util/maths/probabilities.js';
import type { Task } from '../util/task.js';
import { type FoundInput, findInputs, type ImageInput } from './image-inputs.js';
import { batchOf, prepareImage } from './prepare-images.js';
import { thresholdFor } from './threshold.js';

/** A class and its probability: of one of the classes (softmax), or of each by itself (sigmoid). */
export interface Prediction {
  readonly label: string;
  readonly probability: number;
}

/** The likeliest classes of one image, or why it could not be read. */
export type FilePrediction =
  | { readonly file: string; readonly predictions: readonly Prediction[] }
  | { readonly file: string; readonly error: string };

/** Which classes are named, what is said of the model, and where it runs. */
export interface PredictOptions extends GivenFacts, Pick<ClassifierOptions, 'output' | 'task'> {
  /**
   * How many classes to name for each image, the likeliest first. When left out, five; of a classifier of images with any number of
   * classes all from the threshold on.
   */
  readonly top?: number | undefined;
  /** For images with any number of classes: the probability from which on one counts as there; the classifier's own when left out. */
  readonly threshold?: number | undefined;
  /** Images that the model is given at a time (16). */
  readonly batchSize?: number | undefined;
  readonly device?: string | undefined;
  /** Whether the CPU may compute what a GPU has no kernel for (it may not). */
  readonly allowFallback?: boolean | undefined;
  readonly threads?: number | undefined;
  /** Gets what a user should know, each in one line. */
  readonly onNote?: (note: string) => void;
}

/** A classifier that is open for image files: as many as there are, as often as there are some. */
export interface ImageClassifier {
  readonly classes: readonly string[];
  /** What an image may have. */
  readonly task: Task;
  /** The most classes that are named for an image. */
  readonly most: number;
  /**
   * Classifies images: files, folders or archives of them, patterns, or bytes. Results come in the order of the images, batch by
   * batch; no more than two batches are held. One that can't be read has its error in its result.
   */
  predict(inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>): AsyncGenerator<FilePrediction, void, undefined>;
  /** Frees the model. */
  close(): Promise<void>;
}

const TOP = 5;
/** Images that a model is given at a time. */
export const BATCH = 16;

/** Opens an ONNX model, or the winner of a run (its folder), to classify image files. */
export async function openImageClassifier(path: string, options: PredictOptions): Promise<ImageClassifier> {
  const { device = 'cpu', allowFallback, batchSize = BATCH, onNote = () => {}, top } = options;
  const where = deviceOf({ device, allowFallback });
  const classifier = await openKnownClassifier(path, { ...options, device: where });
  const { classes, task, notes } = classifier;
  try {
    const threshold = thresholdFor(path, task, options.threshold, classifier.threshold);
    for (const note of notes) onNote(`${path}: ${note}`);
    const all = top === undefined && task === 'multi-label';
    const most = all ? classes.length : Math.min(top ?? TOP, classes.length);
    const named = { most, least: all ? threshold : Number.NEGATIVE_INFINITY };
    return {
      classes,
      task,
      most,
      predict: (inputs) => predictAll(classifier, findInputs(inputs, onNote), batchSize, named),
      close: () => classifier.close(),
    };
  } catch (error) {
    await classifier.close();
    throw error;
  }
}

/** Image files that are read beside a whole batch, while the model runs. */
const AHEAD = 4;

async function* predictAll(
  classifier: KnownClassifier,
  inputs: AsyncIterable<FoundInput>,
  batchSize: number,
  named: Named,
): AsyncGenerator<FilePrediction, void, undefined> {
  let batch: PreparedInput[] = [];
  const prepare = (input: FoundInput) => prepared(input, classifier.preprocessing);
  for await (const input of mapAhead(inputs, batchSize + AHEAD, prepare)) {
    batch.push(input);
    if (batch.length < batchSize) continue;
    yield* await predictBatch(classifier, batch, named);
    batch = [];
  }
  if (batch.length > 0) yield* await predictBatch(classifier, batch, named);
}

/** An image as the network takes it, or why there is none. */
type PreparedInput =
  | { readonly file: string; readonly pixels: Float32Array }
  | { readonly file: string; readonly error: string };

async function prepared(input: FoundInput, preprocessing: Preprocessing): Promise<PreparedInput> {
  if ('error' in input) return input;
  const { file, image } = input;
  try {
    return { file, pixels: await prepareImage(image, file, preprocessing) };
  } catch (error) {
    return { file, error: messageOf(error) };
  }
}

async function predictBatch(
  classifier: KnownClassifier,
  batch: readonly PreparedInput[],
  named: Named,
): Promise<FilePrediction[]> {
  const images = batch.flatMap((input) => ('pixels' in input ? [input.pixels] : []));
  const scores = images.length > 0 ? await scoresOf(classifier, images) : [];
  let next = 0;
  return batch.map((input) => {
    if ('error' in input) return input;
    return { file: input.file, predictions: ranked(classifier, at(scores, next++), named) };
  });
}

/** The logits of each image. */
async function scoresOf(
  { preprocessing, logits }: KnownClassifier,
  images: readonly Float32Array[],
): Promise<Float32Array[]> {
  const result = await logits(batchOf(images, preprocessing));
  const classes = present(result.dims[1], 'the classes');
  return images.map((_, i) => float32Data(result).subarray(i * classes, (i + 1) * classes));
}

/** How many classes are named, and from which probability on. */
interface Named {
  readonly most: number;
  readonly least: number;
}

function ranked({ task, classes }: KnownClassifier, scores: Float32Array, { most, least }: Named): Prediction[] {
  const probabilities = toProbabilities(scores, task);
  return Array.from(probabilities)
    .map((probability, i) => ({ label: at(classes, i), probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, most)
    .filter(({ probability }) => !(probability < least));
}
