import { type FilePrediction, openImageClassifier, type PredictOptions } from './image-classifier.js';
import type { ImageInput } from './image-inputs.js';

/**
 * Classifies images with an ONNX model, or with the winner of a run (its folder). `files` are image files, folders or archives of them,
 * patterns, or bytes. A file that can't be read has its error in the result. For many of them, or many times, see
 * {@link openImageClassifier}.
 */
export async function predictImages(
  path: string,
  files: readonly ImageInput[],
  options: PredictOptions,
): Promise<FilePrediction[]> {
  const classifier = await openImageClassifier(path, options);
  try {
    const results: FilePrediction[] = [];
    for await (const result of classifier.predict(files)) results.push(result);
    return results;
  } finally {
    await classifier.close();
  }
}
