import { mapConcurrent } from '../../util/concurrency.js';
import {
  type Dataset,
  imageFileAt,
  type PackedImages,
  type Pixels,
  type Size,
  type Split,
} from '../dataset/dataset.js';
import { pixelsAt } from '../dataset/packed-images.js';
import { limitSplit } from '../dataset/split.js';
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

/** Mean and standard deviation (of the population) of each channel, of samples in [0, 1]. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export interface StatisticsOptions {
  readonly input?: Size;
  /** How images are decoded (as {@link preprocessingFor} does by default). */
  readonly decode?: PreprocessingDecode | undefined;
  readonly seed?: number;
  /** Called with each image file that is read. */
  readonly onProgress?: () => void;
}

/** How many files are decoded for the statistics of a folder. */
const MOST_FILES = 2000;
const CONCURRENCY = 4;
/** A channel that never changes is divided by this instead of by 0. */
const LEAST_STD = 1e-3;

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
      : await countFiles(limitSplit(train, MOST_FILES, seed), preprocessing, onProgress);
  const each = Array.from({ length: channels }, (_, c) => moments(counts.subarray(c * 256, (c + 1) * 256)));
  return { mean: each.map(({ mean }) => mean), std: each.map(({ std }) => Math.max(LEAST_STD, std)) };
}

/** How often each sample value occurs: [channels, 256]. Sums of 8-bit values are exact this way. */
function countPacked(source: PackedImages, channels: 1 | 3): Float64Array {
  const counts = new Float64Array(channels * 256);
  for (const i of source.rows.keys()) countSamples(withChannels(pixelsAt(source, i), channels), counts);
  return counts;
}

async function countFiles(
  { source }: Split,
  preprocessing: Preprocessing,
  onProgress: () => void = () => {},
): Promise<Float64Array> {
  const { channels } = preprocessing;
  const counts = new Float64Array(channels * 256);
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

function countSamples({ data, channels }: Pixels, counts: Float64Array): void {
  for (let at = 0; at < data.length; ) {
    for (let c = 0; c < channels; c++) {
      const bin = c * 256 + (data[at++] as number);
      counts[bin] = (counts[bin] as number) + 1;
    }
  }
}

function moments(counts: Float64Array): { mean: number; std: number } {
  const total = counts.reduce((a, b) => a + b, 0);
  const mean = counts.reduce((sum, n, value) => sum + n * value, 0) / total;
  const variance = counts.reduce((sum, n, value) => sum + n * (value - mean) ** 2, 0) / total;
  return { mean: mean / 255, std: Math.sqrt(variance) / 255 };
}
