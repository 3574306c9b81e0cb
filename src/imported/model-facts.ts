import type { Preprocessing } from '../data/image/preprocess.js';
import type { ModelProto } from '../onnx/model.js';
import { readHubFacts } from './hub-files.js';
import type { ImageFacts } from './image-facts.js';
import { type ReadMetadata, readMetadata } from './model-metadata.js';
import { isUltralytics, namesOf } from './other-metadata.js';

/** What a model, or the files beside it, say of its classes and its images; each undefined where nothing does. */
export interface ModelFacts extends Pick<ReadMetadata, 'task' | 'threshold' | 'temperature'> {
  readonly labels: readonly string[] | undefined;
  /** Whole only where Agon wrote it. */
  readonly preprocessing: Preprocessing | undefined;
  readonly images: ImageFacts | undefined;
}

/** Reads what is known of a model: its own metadata come before files beside it. Damage of Agon's own is an error at `where`. */
export async function readModelFacts(model: ModelProto, where: string): Promise<ModelFacts> {
  const { labels, preprocessing, ...scores } = readMetadata(model, where);
  if (preprocessing) {
    const { mean, std, height, resize } = preprocessing;
    const images = { mean, std, where: 'its metadata', size: height, resize: resize.height };
    return { labels: labels ?? namesOf(model), preprocessing, images, ...scores };
  }
  const beside = await readHubFacts(where);
  const own = isUltralytics(model) ? { mean: [0, 0, 0], std: [1, 1, 1], where: 'its metadata' } : undefined;
  return {
    labels: labels ?? namesOf(model) ?? beside.labels,
    preprocessing: undefined,
    images: own ?? beside.normalisation,
    ...scores,
  };
}
