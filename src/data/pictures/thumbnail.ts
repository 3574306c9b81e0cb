import sharp from 'sharp';
import type { Pixels } from '../dataset/dataset.js';

/** Pictures up to this side are kept in their size, and with their colours at full resolution: a page shows them enlarged. */
const SMALL = 64;

/** A picture, scaled down until neither side is longer than `side`: a JPEG as a data address. Of equal pixels it is equal. */
export async function thumbnailOf({ data, height, width, channels }: Pixels, side: number): Promise<string> {
  const isSmall = Math.max(height, width) <= SMALL;
  const quality = isSmall ? { quality: 90, chromaSubsampling: '4:4:4' } : { quality: 72 };
  const jpeg = await sharp(data, { raw: { height, width, channels: channels as 1 | 3 } })
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .jpeg(quality)
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
