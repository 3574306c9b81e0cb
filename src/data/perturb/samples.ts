import { permutation, stream } from '../../util/random.js';
import { type Dataset, imageFileAt, type Pixels, type Size } from '../dataset/dataset.js';
import { pixelsAt } from '../dataset/packed-images.js';
import { decodeImage } from '../image/decode.js';
import { decodingFor, defaultInputSize, fitImage, preprocessingFor } from '../image/preprocess.js';

/** Some random training images of a data set, scaled and cut as for evaluation. */
export async function sampleImages(dataset: Dataset, count: number, seed: number, size?: Size): Promise<Pixels[]> {
  const { source, length } = dataset.train;
  const input = size ?? defaultInputSize(dataset);
  const preprocessing = preprocessingFor(dataset, { mean: [], std: [] }, input);
  const chosen = permutation(length, stream(seed, 'sample')).subarray(0, count);
  const load = (i: number) => {
    if (source.kind === 'packed') return pixelsAt(source, i);
    return decodeImage(imageFileAt(source, i), dataset.channels, decodingFor(preprocessing));
  };
  return Promise.all([...chosen].map(async (i) => fitImage(await load(i), preprocessing)));
}
