import { open, stat } from 'node:fs/promises';
import sharp, { type OutputInfo } from 'sharp';
import { fail, messageOf } from '../util/error.js';
import { errorCode } from '../util/files.js';
import type { Pixels } from './dataset.js';

/** The file types that are read, by the end of the name. */
export const IMAGE_EXTENSIONS: readonly string[] = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff', 'avif'];

/**
 * Decodes an image file, or its bytes, to 8-bit sRGB (3 channels) or to grey (1 channel). The EXIF orientation is
 * applied, an alpha channel is dropped, and of an animation the first frame is taken. A damaged or truncated file is
 * an error that names it.
 */
export async function decodeImage(file: string | Uint8Array, channels: 1 | 3 = 3): Promise<Pixels> {
  const { data, info } = await read(file);
  const { height, width } = info;
  const colour: Pixels = { data, height, width, channels: info.channels };
  return channels === 1 ? toGrey(colour) : colour;
}

async function read(file: string | Uint8Array): Promise<{ data: Buffer; info: OutputInfo }> {
  try {
    const image = sharp(file, { failOn: 'error' }).autoOrient().toColourspace('srgb').removeAlpha();
    return await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  } catch (error) {
    if (typeof file !== 'string') return fail('image', `can't be read: ${messageOf(error)}`, { cause: error });
    const cause = await simplerCause(file, error);
    return fail(file, `can't be read: ${messageOf(cause)}`, { cause });
  }
}

/** What is plain to see of a file; of all else, what the decoder says. */
async function simplerCause(file: string, error: unknown): Promise<unknown> {
  const info = await stat(file).catch((reason: unknown) => reason as Error);
  if (errorCode(info) === 'ENOENT') return new Error('there is no such file', { cause: error });
  if (info instanceof Error) return info;
  if (info.isDirectory()) return new Error('it is a folder, not an image', { cause: error });
  if (info.size === 0) return new Error('the file is empty', { cause: error });
  // What can't be opened the decoder calls an unsupported format.
  return (await reasonNotToOpen(file)) ?? error;
}

/** Why a file can't be opened, if it can't: there is no permission to, for one. */
function reasonNotToOpen(file: string): Promise<unknown> {
  return open(file).then(
    (handle) => handle.close(),
    (reason: unknown) => reason,
  );
}

/** ITU-R 601 luma in 16-bit fixed point, as Pillow converts to mode L: [h, w, 3] -> [h, w, 1]. */
export function toGrey({ data, height, width, channels }: Pixels): Pixels {
  const grey = new Uint8Array(height * width);
  for (let i = 0, at = 0; i < grey.length; i++, at += channels) {
    const [r, g, b] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
    grey[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
  }
  return { data: grey, height, width, channels: 1 };
}
