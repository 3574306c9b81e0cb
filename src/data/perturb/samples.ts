import { permutation, stream } from '../../util/random.js';
import { type Dataset, imageFileAt, type Pixels, type Size } from '../dataset/dataset.js';
import { pixelsAt } from '../dataset/packed-images.js';
import { decodeImage } from '../image/decode.js';
import { decodingFor, defaultInputSize, fitImage, preprocessingFor } from '../image/preprocess.js';

/** Some random training images of a data set, scaled and cut as for evaluation. */
export async function sampleImages(dataset: Dataset, count: number, seed: number, size?: Size): Promise<Pixels[]> {
  const { source } = dataset.train;
  const input = size ?? defaultInputSize(dataset);
  const preprocessing = preprocessingFor(dataset, { mean: [], std: [] }, input);
  const load = (i: number) => {
    if (source.kind === 'packed') return pixelsAt(source, i);
    return decodeImage(imageFileAt(source, i), dataset.channels, decodingFor(preprocessing));
  };
  const chosen = [...samplePositions(dataset, count, seed)];
  return Promise.all(chosen.map(async (i) => fitImage(await load(i), preprocessing)));
}

/** The positions of some random training images, each once. */
export function samplePositions({ train }: Pick<Dataset, 'train'>, count: number, seed: number): Uint32Array {
  return permutation(train.length, stream(seed, 'sample')).slice(0, count);
}
