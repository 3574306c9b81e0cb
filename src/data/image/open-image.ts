import { readFile, stat } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { errorCode, failUnreadable } from '../../util/files/files.js';
import type { ImageFile, Size } from '../dataset/dataset.js';
import { BmpError, bmpSize, decodeBmp } from './bmp.js';
import { ImageFault } from './image-fault.js';
import { kindOf } from './image-type.js';
import { readStored } from './stored-image.js';
import { hasTransparency, readTiffHeader, tiffFault } from './tiff-header.js';

/** An image that is known by its header and not decoded yet. */
export interface OpenedImage extends Size {
  /** Whether a fourth channel, if there is one, says how transparent it is. */
  readonly transparent: boolean;
  /** A pipeline that decodes it, upright. */
  readonly open: () => Sharp;
}

/** Images with more pixels are not read. */
export const MOST_PIXELS = 0x3fff ** 2;

/** The bytes of an image file. What is plain to see of a file that has none is an {@link ImageFault}. */
export async function readImageFile(file: ImageFile): Promise<Uint8Array> {
  return typeof file === 'string' ? readPath(file) : readStored(file.stored);
}

async function readPath(file: string): Promise<Uint8Array> {
  try {
    const info = await stat(file);
    if (info.isDirectory()) throw new ImageFault('it is a folder, not an image');
    if (!info.isFile()) throw new ImageFault('it is neither a file nor a folder');
    return await readFile(file);
  } catch (error) {
    if (error instanceof ImageFault) throw error;
    const reason = FILE_FAULTS[errorCode(error) ?? ''];
    if (reason !== undefined) throw new ImageFault(reason, { cause: error });
    return failUnreadable(file, error);
  }
}

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'no permission to read it (EACCES): change its rights',
  EPERM: 'no permission to read it (EPERM): change its rights',
  ELOOP: 'a link that leads in a circle (ELOOP)',
  ERR_FS_FILE_TOO_LARGE: 'it has more than 2 GiB: save it smaller',
};

/** Reads an image's header. Its first bytes say what it is; what is no image, or one of another kind, is an {@link ImageFault}. */
export async function openImage(bytes: Uint8Array): Promise<OpenedImage> {
  const kind = kindOf(bytes);
  if ('reason' in kind) throw new ImageFault(kind.reason);
  if (kind.type === 'BMP') return openBmp(bytes);
  const transparent = kind.type === 'TIFF' ? checkTiff(bytes) : true;
  const { autoOrient, hasAlpha } = await sharp(bytes, { limitInputPixels: false }).metadata();
  checkPixels(autoOrient);
  const open = () => sharp(bytes, { failOn: 'error', limitInputPixels: false }).autoOrient();
  return { height: autoOrient.height, width: autoOrient.width, transparent: transparent && hasAlpha === true, open };
}

/** Whether a TIFF has transparency. */
function checkTiff(bytes: Uint8Array): boolean {
  const header = readTiffHeader(bytes);
  const fault = header && tiffFault(header);
  if (fault !== undefined) throw new ImageFault(fault);
  return header !== undefined && hasTransparency(header);
}

function openBmp(bytes: Uint8Array): OpenedImage {
  const size = orFault(() => bmpSize(bytes));
  checkPixels(size);
  const open = () => {
    const { data, height, width, channels } = orFault(() => decodeBmp(bytes));
    return sharp(data, { raw: { height, width, channels: channels as 3 | 4 }, limitInputPixels: false });
  };
  return { ...size, transparent: true, open };
}

function orFault<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof BmpError) throw new ImageFault(error.message, { cause: error });
    throw error;
  }
}

function checkPixels({ height, width }: Size): void {
  if (height * width <= MOST_PIXELS) return;
  const count = (n: number) => n.toLocaleString('en-US');
  throw new ImageFault(
    `it has ${count(width)} x ${count(height)} = ${count(width * height)} pixels, and no more than ${count(MOST_PIXELS)} are read: save it smaller`,
  );
}
