import type { ImageFile } from '../data/dataset/dataset.js';
import { decodeImage } from '../data/image/decode.js';
import { decodingFor, type Preprocessing, toTensor } from '../data/image/preprocess.js';
import { type Tensor, tensor } from '../onnx/tensor.js';

/** The input of a network for one image, [channels, height, width]. One that can't be read is an error that calls it `name`. */
export async function prepareImage(
  image: ImageFile | Uint8Array,
  name: string,
  preprocessing: Preprocessing,
): Promise<Float32Array> {
  const decoding = { ...decodingFor(preprocessing), name };
  return toTensor(await decodeImage(image, preprocessing.channels, decoding), preprocessing);
}

/** Prepared images as one batch, [images, channels, height, width]. */
export function batchOf(
  images: readonly Float32Array[],
  { channels, height, width }: Pick<Preprocessing, 'channels' | 'height' | 'width'>,
): Tensor {
  const length = channels * height * width;
  const numbers = new Float32Array(images.length * length);
  for (const [i, pixels] of images.entries()) numbers.set(pixels, i * length);
  return tensor('float32', [images.length, channels, height, width], numbers);
}
