import sharp from 'sharp';
import { at } from '../../util/checked.js';
import { stream } from '../../util/random.js';
import type { Pixels, Size } from '../dataset/dataset.js';
import { type ImageBatch, toBatch } from './images.js';
import { type PerturbationPool, POOLS } from './pools.js';

export interface ContactSheetOptions {
  readonly pools: readonly PerturbationPool[];
  readonly seed: number;
}

const GAP = 4;
const MARGIN = 8;
const FONT_SIZE = 13;
/** Of a sans-serif font's size, no less than its characters take on average. */
const CHARACTER_WIDTH = 0.6;
/** Small images are shown larger, by whole factors, up to about this side in pixels. */
const SHOWN_SIDE = 96;

/** Images side by side, and what is written before them. */
export interface SheetRow {
  readonly label: string;
  readonly images: ImageBatch;
}

/** A PNG with a row for the images as they are and one for every operation of the pools. */
export async function contactSheet(images: readonly Pixels[], { pools, seed }: ContactSheetOptions): Promise<Buffer> {
  const batch = toBatch(images);
  const rows: SheetRow[] = [{ label: 'originals', images: batch }];
  for (const pool of pools) {
    for (const [name, operation] of Object.entries(POOLS[pool])) {
      const { images: changed, lambda } = operation(batch, stream(seed, 'contact-sheet', pool, name));
      const share = lambda < 1 ? ` (own share ${lambda.toFixed(2)})` : '';
      rows.push({ label: `${pool}: ${name}${share}`, images: changed });
    }
  }
  return composeSheet(rows);
}

/** A PNG of rows of images, all of one size, as many in each. */
export async function composeSheet(rows: readonly SheetRow[]): Promise<Buffer> {
  const first = at(rows, 0).images;
  const zoom = Math.max(1, Math.round(SHOWN_SIDE / Math.max(first.height, first.width)));
  const cell = { height: first.height * zoom, width: first.width * zoom };
  const longest = Math.max(...rows.map(({ label }) => label.length));
  const labelWidth = 2 * MARGIN + Math.ceil(longest * CHARACTER_WIDTH * FONT_SIZE);
  const width = labelWidth + first.count * (cell.width + GAP);
  const height = rows.length * (cell.height + GAP) + GAP;
  const tops = rows.map((_, i) => GAP + i * (cell.height + GAP));
  const pictures = await Promise.all(
    rows.flatMap(({ images }, r) =>
      Array.from({ length: images.count }, async (_, i) => {
        const input = await picture(images, i, cell);
        return { input, left: labelWidth + i * (cell.width + GAP), top: at(tops, r) };
      }),
    ),
  );
  const labels = rows.map(({ label }, r) => text(label, at(tops, r) + cell.height / 2));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${labels.join('')}</svg>`;
  return sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite([...pictures, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png()
    .toBuffer();
}

function text(label: string, y: number): string {
  return `<text x="${MARGIN}" y="${y}" dominant-baseline="middle" font-family="sans-serif" font-size="${FONT_SIZE}" fill="#222">${label}</text>`;
}

function picture({ data, height, width, channels }: ImageBatch, index: number, shown: Size): Promise<Buffer> {
  const length = height * width * channels;
  const samples = data.subarray(index * length, (index + 1) * length);
  const bytes = Uint8Array.from(samples, (x) => Math.round(255 * x));
  return sharp(bytes, { raw: { height, width, channels: channels as 1 | 3 } })
    .resize({ ...shown, kernel: 'nearest' })
    .toColourspace('srgb')
    .png()
    .toBuffer();
}
