import { describe, expect, it } from 'vitest';
import type { Pixels } from '../../../src/data/dataset/dataset.js';
import { centreBox, crop } from '../../../src/data/image/crop.js';
import { paddedBox, RANDOM_RESIZED_CROP, randomResizedBox } from '../../../src/data/image/random-crop.js';
import { rotate } from '../../../src/data/operations/affine.js';
import { flipHorizontally } from '../../../src/data/operations/flips.js';
import { stream } from '../../../src/util/random.js';
import { randomPixels } from '../helpers.js';

function at({ data, height, width, channels }: Pixels, y: number, x: number, c: number): number {
  const inside = y >= 0 && y < height && x >= 0 && x < width;
  return inside ? (data[(y * width + x) * channels + c] as number) : 0;
}

describe('crop', () => {
  it.each([
    [1, 2, 3, 4],
    [-2, -3, 6, 7],
    [3, 4, 6, 7],
    [-9, 0, 4, 4],
    [0, 20, 2, 2],
  ])('from (%i, %i), %i x %i: what is outside is black', (top, left, height, width) => {
    const image = randomPixels(6, 7, 3);
    const cut = crop(image, { top, left, height, width });
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < 3; c++) expect(at(cut, y, x, c)).toBe(at(image, top + y, left + x, c));
      }
    }
  });

  it('rounds the centre half to even, as torchvision does', () => {
    const tops = [5, 6, 7, 9].map((height) => centreBox({ height, width: 4 }, { height: 4, width: 4 }).top);
    expect(tops).toEqual([0, 1, 2, 2]);
  });
});

it('a flip mirrors left to right', () => {
  const image = randomPixels(3, 5, 3);
  const flipped = flipHorizontally(image);
  for (let y = 0; y < 3; y++) {
    for (let x = 0; x < 5; x++) for (let c = 0; c < 3; c++) expect(at(flipped, y, x, c)).toBe(at(image, y, 4 - x, c));
  }
});

describe('a rotation', () => {
  it('by a quarter turns anticlockwise, and four of them are the image', () => {
    const image = randomPixels(5, 5, 3);
    const turned = rotate(image, 90);
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 5; x++) for (let c = 0; c < 3; c++) expect(at(turned, y, x, c)).toBe(at(image, x, 4 - y, c));
    }
    const whole = [90, 90, 90].reduce((each, degrees) => rotate(each, degrees), turned);
    expect(whole).toEqual(image);
  });

  it('keeps the size of an oblong image, whose corners become black', () => {
    const white = { ...randomPixels(6, 9, 1), data: new Uint8Array(54).fill(255) };
    const turned = rotate(white, 90);
    expect([turned.height, turned.width, turned.data.length]).toEqual([6, 9, 54]);
    expect([at(turned, 0, 0, 0), at(turned, 3, 4, 0)]).toEqual([0, 255]);
  });
});

describe('random boxes', () => {
  it('a padded box takes every displacement from -pad to pad', () => {
    const random = stream(3);
    const seen = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const { top, left } = paddedBox({ height: 8, width: 8 }, 2, random);
      seen.add(`${top},${left}`);
    }
    expect(seen.size).toBe(25);
    expect(seen.has('-2,-2') && seen.has('2,2')).toBe(true);
  });

  it('random resized boxes lie inside, within the scale and the ratio, and spread over both', () => {
    const random = stream(4);
    const image = { height: 300, width: 400 };
    const boxes = Array.from({ length: 2000 }, () => randomResizedBox(image, RANDOM_RESIZED_CROP, random));
    for (const { top, left, height, width } of boxes) {
      expect(top >= 0 && left >= 0 && top + height <= 300 && left + width <= 400).toBe(true);
    }
    const scales = boxes.map(({ height, width }) => (height * width) / (300 * 400));
    const ratios = boxes.map(({ height, width }) => width / height);
    expect(Math.min(...scales)).toBeGreaterThan(0.075);
    expect(Math.min(...scales)).toBeLessThan(0.12);
    expect(Math.max(...scales)).toBeGreaterThan(0.9);
    expect(Math.min(...ratios)).toBeGreaterThan(0.74);
    expect(Math.max(...ratios)).toBeLessThan(1.35);
  });

  it.each([
    [10, 100, { top: 0, left: 43, height: 10, width: 13 }],
    [100, 10, { top: 43, left: 0, height: 13, width: 10 }],
    [40, 40, { top: 0, left: 0, height: 40, width: 40 }],
  ])('an image of %i x %i in which no box fits gives its centre', (height, width, expected) => {
    const tooLarge = { scale: [20, 20] as const, ratio: [3 / 4, 4 / 3] as const };
    expect(randomResizedBox({ height, width }, tooLarge, stream(5))).toEqual(expected);
  });
});
