import type { Classifier } from '../classifier/classifier.js';
import { openClassifier } from '../classifier/open-classifier.js';
import { imagesNamed } from '../data/formats/image-arguments.js';
import { decodeImage } from '../data/image/decode.js';
import { decodingFor, type Preprocessing, toTensor } from '../data/image/preprocess.js';
import { float32Data, tensor } from '../onnx/tensor.js';
import { parseDevice } from '../runtime/device.js';
import { messageOf } from '../util/error.js';
import { sigmoid } from '../util/maths/sigmoid.js';
import { softmax } from '../util/maths/softmax.js';
import type { Task } from '../util/task.js';
import { failUnknown } from './evaluate-model.js';
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

/** Which classes are named, and where the model runs. */
export interface PredictOptions {
  /**
   * How many classes to name for each image, the likeliest first. When left out, five; of a classifier of images with any number of
   * classes all from the threshold on.
   */
  readonly top?: number | undefined;
  /** For images with any number of classes: the probability from which on one counts as there; the classifier's own when left out. */
  readonly threshold?: number | undefined;
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
  /** Gets what a user should know, each in one line. */
  readonly onNote?: (note: string) => void;
}

/**
 * Classifies images with an exported model, or with the winner of a run (its folder). `files` are image files, folders of them
 * or patterns. A file that can't be read has its error in the result.
 */
export async function predictImages(
  path: string,
  files: readonly string[],
  options: PredictOptions,
): Promise<FilePrediction[]> {
  const { device = 'cpu', threads, onNote = () => {} } = options;
  const classifier = await openClassifier(path, { device: parseDevice(device), threads });
  try {
    const { classes, preprocessing, task } = classifier;
    if (!classes || !preprocessing) return failUnknown(path);
    for (const note of classifier.notes) onNote(`${path}: ${note}`);
    const threshold = thresholdFor(path, task, options.threshold, classifier.threshold);
    const named = namedClasses(task, { ...options, threshold });
    const results: FilePrediction[] = [];
    for (const name of files) {
      const images = await imagesNamed(name);
      if ('error' in images) results.push({ file: name, error: images.error });
      else {
        if (images.others > 0) onNote(`${name}: ${images.others} files that are no images are left out`);
        for (const file of images.files)
          results.push(await predictFile({ ...classifier, classes, preprocessing }, file, named));
      }
    }
    return results;
  } finally {
    await classifier.close();
  }
}

const TOP = 5;

/** Chooses of all classes, the likeliest first, those that are named. */
function namedClasses(
  task: Task,
  { top, threshold }: { readonly top?: number | undefined; readonly threshold: number },
): (ranked: readonly Prediction[]) => readonly Prediction[] {
  if (top === undefined && task === 'multi-label')
    return (ranked) => ranked.filter(({ probability }) => probability >= threshold);
  return (ranked) => ranked.slice(0, top ?? TOP);
}

type Model = Pick<Classifier, 'logits' | 'task'> & {
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
};

async function predictFile(
  model: Model,
  file: string,
  named: ReturnType<typeof namedClasses>,
): Promise<FilePrediction> {
  const { channels, height, width } = model.preprocessing;
  try {
    const decoding = decodingFor(model.preprocessing);
    const pixels = toTensor(await decodeImage(file, channels, decoding), model.preprocessing);
    const logits = await model.logits(tensor('float32', [1, channels, height, width], pixels));
    const scores = float32Data(logits);
    const probabilities = model.task === 'multi-label' ? Float64Array.from(scores, sigmoid) : softmax(scores);
    const ranked = Array.from(probabilities)
      .map((probability, i) => ({ label: model.classes[i] ?? String(i), probability }))
      .sort((a, b) => b.probability - a.probability);
    return { file, predictions: named(ranked) };
  } catch (error) {
    return { file, error: messageOf(error) };
  }
}
