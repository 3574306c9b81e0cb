import { permutation, stream } from '../../util/random.js';
import type { Dataset, Pixels, Size } from '../dataset.js';
import { decodeImage } from '../decode.js';
import { pixelsAt } from '../packed-images.js';
import { defaultInputSize, fitImage, preprocessingFor } from '../preprocess.js';

/** Some random training images of a data set, scaled and cut as for evaluation. */
export async function sampleImages(dataset: Dataset, count: number, seed: number, size?: Size): Promise<Pixels[]> {
  const { source, length } = dataset.train;
  const input = size ?? defaultInputSize(dataset);
  const preprocessing = preprocessingFor(dataset, { mean: [], std: [] }, input);
  const chosen = permutation(length, stream(seed, 'sample')).subarray(0, count);
  const load = (i: number) => {
    return source.kind === 'packed' ? pixelsAt(source, i) : decodeImage(source.paths[i] as string, dataset.channels);
  };
  return Promise.all([...chosen].map(async (i) => fitImage(await load(i), preprocessing)));
}
