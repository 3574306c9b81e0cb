import type { OutputInfo } from 'sharp';
import { take } from '../../util/checked.js';
import { AgonError, messageOf } from '../../util/error.js';
import { failUnreadable } from '../../util/files/files.js';
import type { ImageFile, Pixels, Size } from '../dataset/dataset.js';
import { BACKGROUND, toGrey } from './colours.js';
import { DecodeGate } from './decode-gate.js';
import { ImageFault } from './image-fault.js';
import { type OpenedImage, openImage, readImageFile } from './open-image.js';
import { coveringSize } from './resize.js';

/** How an image is decoded. */
export interface Decoding {
  /** What shows through transparent parts (white): red, green and blue, 0 to 255. null: the colours stored under them are taken. */
  readonly background?: readonly number[] | null;
  /**
   * An image that covers twice this size or more is scaled, with its aspect kept, until it just covers it, while it is decoded: a
   * JPEG is hardly more work then than its scaled form. Absent: images are decoded whole.
   */
  readonly reduceTo?: Size | undefined;
  /** What messages call the image (its file's name). */
  readonly name?: string | undefined;
  /** Bounds the pixels that are decoded at a time. */
  readonly gate?: DecodeGate | undefined;
}

const GATE = new DecodeGate();

/**
 * Decodes an image file, or its bytes, to 8-bit sRGB (3 channels) or to grey (1 channel). What it is is told by its first
 * bytes. The EXIF orientation is applied, and of an animation the first frame is taken. 16-bit samples are divided by 257, those
 * of other ranges are refused. An image that is damaged, cut short or can't be read is an error that names the file and its cause
 * an {@link ImageFault}.
 */
export function decodeImage(
  file: ImageFile | Uint8Array,
  channels: 1 | 3 = 3,
  decoding: Decoding = {},
): Promise<Pixels> {
  return withImage(file, channels, decoding, (image) => image);
}

/** What `use` makes of a decoded image, given its size as stored. The image counts among those that are decoded until it is done. */
export async function withImage<T>(
  file: ImageFile | Uint8Array,
  channels: 1 | 3,
  decoding: Decoding,
  use: (image: Pixels, stored: Size) => T,
): Promise<T> {
  const { gate = GATE } = decoding;
  try {
    const bytes = file instanceof Uint8Array ? file : await readImageFile(file);
    const source = await retriedAlone(gate, 1, () => openImage(bytes), same);
    const { height, width } = source;
    const suit = (image: Pixels) => use(channels === 1 ? toGrey(image) : image, { height, width });
    return await retriedAlone(gate, height * width, () => render(source, decoding), suit);
  } catch (error) {
    if (!(error instanceof ImageFault)) throw error;
    return failUnreadable(decoding.name ?? nameOf(file), error);
  }
}

function nameOf(file: ImageFile | Uint8Array): string {
  if (file instanceof Uint8Array) return 'image';
  return typeof file === 'string' ? file : file.name;
}

const same = <T>(value: T) => value;

/**
 * Decoders that run at once share the text of their errors. So what fails is done again while nothing else is decoded: what it then
 * says is its own.
 */
async function retriedAlone<S, T>(
  gate: DecodeGate,
  pixels: number,
  read: () => Promise<S>,
  use: (value: S) => T,
): Promise<T> {
  const first = await gate.run(pixels, async () => {
    const value = await read().catch(ifOurs);
    return value === undefined ? undefined : { made: use(value) };
  });
  return first ? first.made : gate.alone(async () => use(await read().catch(asFault)));
}

/** An error with a text of our own is final; that of a decoder is not known yet. */
function ifOurs(error: unknown): undefined {
  if (error instanceof ImageFault || error instanceof AgonError) throw error;
}

/** A decoder's error in one line. */
function asFault(error: unknown): never {
  if (error instanceof ImageFault || error instanceof AgonError) throw error;
  const lines = messageOf(error).split('\n');
  const said = lines.map((line) => line.trim()).filter((line) => line !== '');
  throw new ImageFault([...new Set(said)].join('; '), { cause: error });
}

async function render(source: OpenedImage, { background = BACKGROUND, reduceTo }: Decoding): Promise<Pixels> {
  const image = source.open().toColourspace('srgb');
  if (background && source.transparent) image.flatten({ background: toCss(background) });
  const reduced = reduceTo && reducedSize(source, reduceTo);
  if (reduced) image.resize({ ...reduced, fit: 'fill' });
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return threeChannels(data, info);
}

/** The size that an image is scaled to while it is decoded, if it is. */
function reducedSize(image: Size, covered: Size): Size | undefined {
  const reduced = coveringSize(image, covered);
  return image.height >= 2 * reduced.height && image.width >= 2 * reduced.width ? reduced : undefined;
}

function toCss(colour: readonly number[]): { r: number; g: number; b: number } {
  const [r, g, b] = take(colour, 3);
  return { r, g, b };
}

/** Red, green and blue, without what else there is for each pixel. */
function threeChannels(data: Uint8Array, { height, width, channels }: OutputInfo): Pixels {
  if (channels === 3) return { data, height, width, channels };
  const out = new Uint8Array(height * width * 3);
  for (let i = 0, to = 0; i < data.length; i += channels) {
    for (let c = 0; c < 3; c++) out[to++] = data[i + c] as number;
  }
  return { data: out, height, width, channels: 3 };
}
