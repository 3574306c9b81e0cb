import type { Pixels, Size, SplitName } from '../dataset/dataset.js';
import { type ImageType, kindOf } from '../image/image-type.js';
import { extensionOf } from '../tree/file-names.js';
import type { SeenImage } from './image-check.js';
import { type PerceptualHash, perceptualHash } from './perceptual-hash.js';

/** What is kept of an image that was seen. */
export interface ImageFacts {
  readonly path: string;
  readonly split: SplitName;
  readonly label: number;
  readonly size: Size;
  /** Its order among all. */
  readonly position: number;
  readonly digest: string;
  /** Absent for images nearly of one colour, which all look alike. */
  readonly hash?: PerceptualHash;
  readonly grey: boolean;
  /** What it is, where its name says otherwise. */
  readonly misnamed?: ImageType;
}

/** Looks at an image while it is decoded. */
export function factsOf(image: SeenImage): ImageFacts {
  const { path, split, label, size, position, digest, pixels, constant, bytes } = image;
  const misnamed = bytes && otherType(path, bytes);
  return {
    path,
    split,
    label,
    size,
    position,
    digest,
    ...(!constant && { hash: perceptualHash(pixels) }),
    grey: isGrey(pixels),
    ...(misnamed && { misnamed }),
  };
}

const EXTENSIONS: Readonly<Record<ImageType, readonly string[]>> = {
  JPEG: ['jpg', 'jpeg', 'jpe', 'jfif', 'pjpeg', 'pjp'],
  PNG: ['png', 'apng'],
  WebP: ['webp'],
  GIF: ['gif'],
  TIFF: ['tif', 'tiff'],
  AVIF: ['avif'],
  BMP: ['bmp', 'dib'],
};

/** The type of an image whose name ends like that of another. */
function otherType(path: string, bytes: Uint8Array): ImageType | undefined {
  const extension = extensionOf(path);
  const isExtension = Object.values(EXTENSIONS).some((names) => names.includes(extension));
  const kind = kindOf(bytes);
  if (!isExtension || 'reason' in kind || EXTENSIONS[kind.type].includes(extension)) return undefined;
  return kind.type;
}

/** Samples of a pixel that differ by more than this, of 255, make a colour: JPEG leaves traces in grey. */
const COLOUR = 12;
/** So many pixels of an image, evenly apart, are looked at, and one in so many may be coloured. */
const LOOKED_AT = 4096;
const FEW = 500;

function isGrey({ data, height, width, channels }: Pixels): boolean {
  if (channels === 1) return true;
  const step = Math.max(1, Math.floor((height * width) / LOOKED_AT));
  let [coloured, seen] = [0, 0];
  for (let at = 0; at < data.length; at += step * channels, seen++) {
    const [r, g, b] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
    if (Math.max(r, g, b) - Math.min(r, g, b) > COLOUR) coloured++;
  }
  return coloured * FEW <= seen;
}
