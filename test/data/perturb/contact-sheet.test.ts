import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { Pixels } from '../../../src/data/dataset/dataset.js';
import { contactSheet } from '../../../src/data/perturb/contact-sheet.js';

/** Two images of 16 x 8 pixels, red and blue. */
const IMAGES: Pixels[] = [
  [200, 10, 20],
  [10, 20, 200],
].map((colour) => {
  const data = Uint8Array.from({ length: 16 * 8 * 3 }, (_, i) => colour[i % 3] as number);
  return { data, height: 16, width: 8, channels: 3 };
});

const [CELL_WIDTH, CELL_HEIGHT, GAP] = [8 * 6, 16 * 6, 4];

it('a contact sheet has the originals and a row for each operation, and no label touches an image', async () => {
  const png = await contactSheet(IMAGES, { pools: ['paper', 'release'], seed: 0 });
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect(info.height).toBe(12 * (CELL_HEIGHT + GAP) + GAP);
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  const left = info.width - 2 * (CELL_WIDTH + GAP);
  const corners = [at(left, GAP), at(left + CELL_WIDTH - 1, GAP + CELL_HEIGHT - 1)];
  expect(corners).toEqual([
    [200, 10, 20],
    [200, 10, 20],
  ]);
  expect(at(left + CELL_WIDTH + GAP, GAP)).toEqual([10, 20, 200]);
  const rows = Array.from({ length: info.height }, (_, y) => y);
  const isBlank = (x: number) => rows.every((y) => at(x, y).every((sample) => sample === 255));
  for (let x = left - GAP; x < left; x++) expect([x, isBlank(x)]).toEqual([x, true]);
  const columns = Array.from({ length: left }, (_, x) => x);
  expect(columns.filter((x) => !isBlank(x)).length).toBeGreaterThan(100);
});
