import type { Batch } from '../data/batch/loader.js';
import type { PixelBatch } from '../data/batch/pixel-loader.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { type Tensor, tensor } from '../onnx/tensor.js';
import type { FeatureBatch } from './features/feature-loader.js';

/** What networks are fed in an evaluation: images, or features for their heads. */
export type NetworkBatch = Batch | FeatureBatch;
/** What they are fed in a step: likewise, or images as bytes, which the step prepares itself. */
export type TrainingBatch = NetworkBatch | PixelBatch;

/** What each of so many networks is fed of a batch: the images, or its own features. */
export function inputsOf(
  batch: NetworkBatch,
  networks: number,
  input: Pick<Preprocessing, 'channels' | 'height' | 'width'>,
) {
  if ('features' in batch) return batch.features;
  const images = imagesTensor(input, batch.images, batch.size);
  return Array.from({ length: networks }, () => images);
}

/** Images as a tensor [size, channels, height, width]. */
export function imagesTensor(
  { channels, height, width }: Pick<Preprocessing, 'channels' | 'height' | 'width'>,
  images: Float32Array,
  size: number,
): Tensor {
  return tensor('float32', [size, channels, height, width], images);
}
