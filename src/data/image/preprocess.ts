import { at } from '../../util/checked.js';
import type { Dataset, Pixels, Size } from '../dataset/dataset.js';
import { withChannels } from './channels.js';
import { BACKGROUND } from './colours.js';
import { centreBox, crop } from './crop.js';
import type { Decoding } from './decode.js';
import { coveringSize, resize } from './resize.js';

/**
 * How an image becomes the input of a network, at evaluation, in `predict`, and in the metadata of an exported model:
 * scale it (aspect kept, bilinear with antialiasing) until it just covers `resize`, cut `height` x `width` out of the
 * middle, divide by 255, subtract `mean` and divide by `std` of each channel. An image that already has the size of
 * `resize` is not scaled.
 */
export interface Preprocessing extends Size {
  readonly channels: 1 | 3;
  /** Per channel, of samples in [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly resize: Size;
  /**
   * What shows through transparent parts: red, green and blue, 0 to 255. Absent from what older versions wrote: the colours stored
   * under them were taken.
   */
  readonly background?: readonly number[] | undefined;
  /**
   * An image that covers twice this many times what is needed of it is scaled to this many times while it is decoded.
   * Absent from what older versions wrote: images were decoded whole.
   */
  readonly decodeMargin?: number | undefined;
}

/** How images are decoded before they are scaled and cut. */
export type PreprocessingDecode = Pick<Preprocessing, 'background' | 'decodeMargin'>;

const DECODE: PreprocessingDecode = { background: BACKGROUND, decodeMargin: 2 };

/** Images up to this side are taken as they are when a whole data set has them in one size. */
export const LARGEST_NATIVE_SIDE = 96;
const DEFAULT_SIDE = 224;

/** The input size of a data set: its own when its images are small and all alike, else 224 x 224. */
export function defaultInputSize({ size }: Pick<Dataset, 'size'>): Size {
  const native = size !== undefined && Math.max(size.height, size.width) <= LARGEST_NATIVE_SIDE;
  return native ? size : { height: DEFAULT_SIDE, width: DEFAULT_SIDE };
}

/** The share of the scaled image that is cut out, as is usual for photographs. */
const USUAL_CROP = 224 / 256;

/**
 * The preprocessing of a data set. Images that have the input size already are used whole; of others a share `share` is cut out of the
 * middle: they are scaled to 1 / `share` of the input size.
 */
export function preprocessingFor(
  dataset: Pick<Dataset, 'size' | 'channels'>,
  { mean, std }: Pick<Preprocessing, 'mean' | 'std'>,
  input: Size = defaultInputSize(dataset),
  { background, decodeMargin }: PreprocessingDecode = DECODE,
  share: number = USUAL_CROP,
): Preprocessing {
  const { height, width } = input;
  const margin = isWhole(dataset, input) ? 1 : 1 / share;
  const covered = { height: Math.round(height * margin), width: Math.round(width * margin) };
  return {
    height,
    width,
    channels: dataset.channels,
    mean,
    std,
    resize: covered,
    ...(background && { background: [...background] }),
    ...(decodeMargin && { decodeMargin }),
  };
}

/** Whether all images of a data set have the input size already. */
export function isWhole({ size }: Pick<Dataset, 'size'>, { height, width }: Size): boolean {
  return size?.height === height && size.width === width;
}

/** How an image is decoded of which so much is needed: what `resize` says, at evaluation. */
export function decodingFor(preprocessing: Preprocessing, needed: Size = preprocessing.resize): Decoding {
  const { decodeMargin, background = null } = preprocessing;
  if (!decodeMargin) return { background };
  return {
    background,
    reduceTo: { height: decodeMargin * needed.height, width: decodeMargin * needed.width },
  };
}

/** Scales and cuts an image to the input size: [h, w, c] -> [height, width, c]. */
export function fitImage(image: Pixels, preprocessing: Preprocessing): Pixels {
  const scaled = resize(image, coveringSize(image, preprocessing.resize));
  return hasSize(scaled, preprocessing) ? scaled : crop(scaled, centreBox(scaled, preprocessing));
}

/** The normalised input of a network for one image of any size: [channels, height, width]. */
export function toTensor(image: Pixels, preprocessing: Preprocessing): Float32Array {
  const { channels, height, width } = preprocessing;
  const out = new Float32Array(channels * height * width);
  writeNormalised(fitImage(withChannels(image, channels), preprocessing), normalisationTable(preprocessing), out, 0);
  return out;
}

/** The normalised value of each sample: [channels, 256]. */
export function normalisationTable({ channels, mean, std }: Preprocessing): Float32Array {
  return Float32Array.from({ length: channels * 256 }, (_, i) => {
    const channel = Math.floor(i / 256);
    return ((i % 256) / 255 - at(mean, channel)) / at(std, channel);
  });
}

/** Writes an image of the input size into a batch at an offset, channel by channel: [h, w, c] -> [c, h, w]. */
export function writeNormalised(image: Pixels, table: Float32Array, out: Float32Array, offset: number): void {
  const { data, channels } = image;
  if (table.length !== channels * 256) throw new Error(`internal error: an image of ${channels} channels for others`);
  const plane = image.height * image.width;
  for (let c = 0; c < channels; c++) {
    const values = table.subarray(c * 256, (c + 1) * 256);
    const start = offset + c * plane;
    for (let i = 0, at = c; i < plane; i++, at += channels) out[start + i] = values[data[at] as number] as number;
  }
}

/** Writes an image's bytes into a batch at an offset, channel by channel: [h, w, c] -> [c, h, w]. */
export function writePlanes({ data, channels, height, width }: Pixels, out: Uint8Array, offset: number): void {
  const plane = height * width;
  for (let c = 0; c < channels; c++) {
    const start = offset + c * plane;
    for (let i = 0, at = c; i < plane; i++, at += channels) out[start + i] = data[at] as number;
  }
}

function hasSize(image: Size, { height, width }: Size): boolean {
  return image.height === height && image.width === width;
}
