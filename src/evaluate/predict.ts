import type { Classifier } from '../classifier/classifier.js';
import { openClassifier } from '../classifier/open-classifier.js';
import type { ImageFile } from '../data/dataset/dataset.js';
import { imagesNamed } from '../data/formats/image-arguments.js';
import { decodeImage } from '../data/image/decode.js';
import { decodingFor, type Preprocessing, toTensor } from '../data/image/preprocess.js';
import { float32Data, tensor } from '../onnx/tensor.js';
import { parseDevice } from '../runtime/device.js';
import { messageOf } from '../util/error.js';
import { softmax } from '../util/softmax.js';
import { failUnknown } from './evaluate-model.js';

/** A class and its softmax probability. */
export interface Prediction {
  readonly label: string;
  readonly probability: number;
}

/** The likeliest classes of one image, or why it could not be read. */
export type FilePrediction =
  | { readonly file: string; readonly predictions: readonly Prediction[] }
  | { readonly file: string; readonly error: string };

/** How many classes are named, and where the model runs. */
export interface PredictOptions {
  /** How many classes to name for each image, the likeliest first. */
  readonly top: number;
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
    const { classes, preprocessing } = classifier;
    if (!classes || !preprocessing) return failUnknown(path);
    for (const note of classifier.notes) onNote(`${path}: ${note}`);
    const results: FilePrediction[] = [];
    for (const name of files) {
      const named = await imagesNamed(name);
      if ('error' in named) results.push({ file: name, error: named.error });
      else {
        if (named.others > 0) onNote(`${name}: ${named.others} files that are no images are left out`);
        for (const file of named.files)
          results.push(await predictFile({ ...classifier, classes, preprocessing }, file, options));
      }
    }
    return results;
  } finally {
    await classifier.close();
  }
}

type Model = Pick<Classifier, 'logits'> & {
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
};

async function predictFile(model: Model, image: ImageFile, { top }: PredictOptions): Promise<FilePrediction> {
  const file = typeof image === 'string' ? image : image.name;
  const { channels, height, width } = model.preprocessing;
  try {
    const decoding = decodingFor(model.preprocessing);
    const pixels = toTensor(await decodeImage(image, channels, decoding), model.preprocessing);
    const logits = await model.logits(tensor('float32', [1, channels, height, width], pixels));
    const ranked = Array.from(softmax(float32Data(logits)))
      .map((probability, i) => ({ label: model.classes[i] ?? String(i), probability }))
      .sort((a, b) => b.probability - a.probability);
    return { file, predictions: ranked.slice(0, top) };
  } catch (error) {
    return { file, error: messageOf(error) };
  }
}
