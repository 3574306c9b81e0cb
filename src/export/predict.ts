import { readFile } from 'node:fs/promises';
import { decodeImage } from '../data/decode.js';
import { decodingFor, toTensor } from '../data/preprocess.js';
import { tensor } from '../onnx/tensor.js';
import { parseDevice } from '../runtime/device.js';
import { fail, messageOf } from '../util/error.js';
import { type ExportedModel, openExported } from './exported-model.js';

/** A class and its softmax probability. */
export interface Prediction {
  readonly label: string;
  readonly probability: number;
}

export type FilePrediction =
  | { readonly file: string; readonly predictions: readonly Prediction[] }
  | { readonly file: string; readonly error: string };

export interface PredictOptions {
  /** How many classes to name for each image, the likeliest first. */
  readonly top: number;
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
}

/** Classifies image files with an exported model. A file that can't be read has its error in the result. */
export async function predictImages(
  path: string,
  files: readonly string[],
  options: PredictOptions,
): Promise<FilePrediction[]> {
  const bytes = await readFile(path).catch((error: unknown) =>
    fail(path, `can't be read: ${messageOf(error)}`, { cause: error }),
  );
  const model = await openExported(path, bytes, {
    device: parseDevice(options.device ?? 'cpu'),
    threads: options.threads,
  });
  try {
    const results: FilePrediction[] = [];
    for (const file of files) results.push(await predictFile(model, file, options.top));
    return results;
  } finally {
    await model.close();
  }
}

async function predictFile(model: ExportedModel, file: string, top: number): Promise<FilePrediction> {
  const { channels, height, width } = model.preprocessing;
  try {
    const decoding = decodingFor(model.preprocessing);
    const pixels = toTensor(await decodeImage(file, channels, decoding), model.preprocessing);
    const logits = await model.logits(tensor('float32', [1, channels, height, width], pixels));
    const ranked = softmax(logits.data as Float32Array)
      .map((probability, i) => ({ label: model.labels[i] ?? String(i), probability }))
      .sort((a, b) => b.probability - a.probability);
    return { file, predictions: ranked.slice(0, top) };
  } catch (error) {
    return { file, error: messageOf(error) };
  }
}

function softmax(logits: Float32Array): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (z) => Math.exp(z - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
