import type { Classifier } from '../classifier/classifier.js';
import { imageSizes } from '../classifier/image-sizes.js';
import { failUnknown } from '../classifier/known-classifier.js';
import { openClassifier } from '../classifier/open-classifier.js';
import type { ImageFile } from '../data/dataset/dataset.js';
import { imagesNamed } from '../data/formats/image-arguments.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { batchOf, prepareImage } from '../evaluate/prepare-images.js';
import { readGivenPreprocessing, suitedTo } from '../imported/given-preprocessing.js';
import { elementCount, tensor } from '../onnx/tensor.js';
import { deviceOf } from '../runtime/device.js';
import { at } from '../util/checked.js';
import { mapConcurrent } from '../util/concurrency.js';
import { fail } from '../util/error.js';
import { stream } from '../util/random.js';
import type { Task } from '../util/task.js';
import { type Timing, timeCalls } from './timing.js';

/** What is measured in one process. Plain data. */
export interface CellPlan {
  /** An ONNX model, or the folder of a run. */
  readonly path: string;
  readonly batch: number;
  readonly threads: number;
  readonly device: string;
  readonly allowFallback?: boolean | undefined;
  /** For which calls are measured, each of the model alone and of the whole way from files. */
  readonly seconds: number;
  /** A folder, an archive or a pattern of images, or one image. */
  readonly images?: string | undefined;
  readonly preprocessing?: string | undefined;
  readonly output?: string | undefined;
  readonly task?: Task | undefined;
}

/** What was measured of one batch size and number of threads. */
export interface Cell {
  readonly batch: number;
  readonly threads: number;
  /** Of the images, without the batch. */
  readonly input: readonly number[];
  /** Milliseconds from the file to a model that is ready. */
  readonly opened: number;
  /** Bytes by which the process grew, at most, from before it was opened. */
  readonly memory: number;
  /** The model alone, on a batch that is in memory. */
  readonly model: Timing;
  /** With reading, decoding and preparing image files. */
  readonly withImages?: Timing;
  /** What a user should know of the model, each in one line. */
  readonly notes: readonly string[];
}

/** Measures in this process, which should do nothing else. */
export async function measureCell(plan: CellPlan): Promise<Cell> {
  const { path, batch, threads, seconds, output, task } = plan;
  const before = process.memoryUsage.rss();
  const begin = performance.now();
  const classifier = await openClassifier(path, { device: deviceOf(plan), threads, output, task });
  const opened = performance.now() - begin;
  try {
    const preprocessing = await preprocessingOf(plan, classifier);
    const input = imageSizes(classifier.input, preprocessing);
    const images = noise([batch, ...input]);
    const model = await timeCalls(() => classifier.logits(images), batch, seconds);
    const withImages = plan.images === undefined ? undefined : await timeWhole(plan, classifier, preprocessing);
    const memory = Math.max(0, 1024 * process.resourceUsage().maxRSS - before);
    const { notes } = classifier;
    return { batch, threads, input, opened, memory, model, ...(withImages && { withImages }), notes };
  } finally {
    await classifier.close();
  }
}

async function preprocessingOf(
  { path, preprocessing: given }: CellPlan,
  classifier: Classifier,
): Promise<Preprocessing | undefined> {
  if (given === undefined) return classifier.preprocessing;
  return suitedTo(classifier.input, await readGivenPreprocessing(given), path);
}

function noise(dims: readonly number[]) {
  const random = stream(0, 'bench');
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: elementCount(dims) }, () => random.normal()),
  );
}

/** Images that are read again and again, at most: all of them are in the system's cache soon. */
const MOST_IMAGES = 256;
/** Image files decoded at a time, as in `agon predict`. */
const CONCURRENCY = 4;

/** The way from files to logits, a batch after the other, all parts of it in turn. */
async function timeWhole(
  { path, images = '', batch, seconds }: CellPlan,
  classifier: Classifier,
  preprocessing: Preprocessing | undefined,
): Promise<Timing> {
  if (!preprocessing) return failUnknown(path, true, preprocessing);
  const files = await filesIn(images);
  let next = 0;
  const take = () => at(files, next++ % files.length);
  const prepare = (file: ImageFile) => prepareImage(file, typeof file === 'string' ? file : file.name, preprocessing);
  const classify = async () => {
    const pixels = await mapConcurrent(Array.from({ length: batch }, take), CONCURRENCY, prepare);
    return classifier.logits(batchOf(pixels, preprocessing));
  };
  return timeCalls(classify, batch, seconds);
}

async function filesIn(name: string): Promise<readonly ImageFile[]> {
  const found = await imagesNamed(name);
  if ('error' in found) return fail(name, found.error, { hint: 'Name a folder of images (--images)' });
  return found.files.slice(0, MOST_IMAGES);
}
