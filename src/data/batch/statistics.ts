import { mapConcurrent } from '../../util/concurrency.js';
import { type Dataset, imageFileAt, type PackedImages, type Size, type Split } from '../dataset/dataset.js';
import { pixelsAt } from '../dataset/packed-images.js';
import { withChannels } from '../image/channels.js';
import { withImage } from '../image/decode.js';
import {
  decodingFor,
  defaultInputSize,
  fitImage,
  type Preprocessing,
  type PreprocessingDecode,
  preprocessingFor,
} from '../image/preprocess.js';
import { type ChannelStatistics, countSamples, noSamples, sampledFiles, statisticsOf } from './sample-counts.js';

export interface StatisticsOptions {
  readonly input?: Size;
  /** How images are decoded (as {@link preprocessingFor} does by default). */
  readonly decode?: PreprocessingDecode | undefined;
  readonly seed?: number;
  /** Called with each image file that is read. */
  readonly onProgress?: () => void;
}

const CONCURRENCY = 4;

/**
 * The statistics of the training split. Packed images: exact, over all pixels. Image files: over at most 2,000 of
 * them, chosen from the seed with the classes in proportion, scaled and cut to `input` as at evaluation.
 */
export async function channelStatistics(
  dataset: Dataset,
  { input = defaultInputSize(dataset), seed = 0, decode, onProgress }: StatisticsOptions = {},
): Promise<ChannelStatistics> {
  const { channels, train } = dataset;
  const { source } = train;
  const preprocessing = preprocessingFor(dataset, { mean: [], std: [] }, input, decode);
  const counts =
    source.kind === 'packed'
      ? countPacked(source, channels)
      : await countFiles(sampledFiles(train, seed), preprocessing, onProgress);
  return statisticsOf(counts, channels);
}

/** How often each sample value occurs: [channels, 256]. Sums of 8-bit values are exact this way. */
function countPacked(source: PackedImages, channels: 1 | 3): Float64Array {
  const counts = noSamples(channels);
  for (const i of source.rows.keys()) countSamples(withChannels(pixelsAt(source, i), channels), counts);
  return counts;
}

async function countFiles(
  { source }: Split,
  preprocessing: Preprocessing,
  onProgress: () => void = () => {},
): Promise<Float64Array> {
  const { channels } = preprocessing;
  const counts = noSamples(channels);
  const decoding = decodingFor(preprocessing);
  if (source.kind !== 'files') return counts;
  await mapConcurrent(source.paths, CONCURRENCY, async (_, i) => {
    await withImage(imageFileAt(source, i), channels, decoding, (image) =>
      countSamples(fitImage(image, preprocessing), counts),
    );
    onProgress();
  });
  return counts;
}
