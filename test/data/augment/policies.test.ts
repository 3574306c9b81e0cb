import { describe, expect, it } from 'vitest';
import { randAugment, trivialAugment } from '../../../src/data/augment/policies.js';
import { randomErasing } from '../../../src/data/augment/random-erasing.js';
import { rotate, shearY } from '../../../src/data/operations/affine.js';
import { adjustBrightness } from '../../../src/data/operations/colour.js';
import { equalize, posterize } from '../../../src/data/operations/tone.js';
import { type Random, stream } from '../../../src/util/random.js';
import { randomPixels } from '../helpers.js';

/** Whose whole numbers are these, one after the other. */
function scripted(...numbers: number[]): Random & { readonly left: number[] } {
  const left = [...numbers];
  const none = () => {
    throw new Error('not asked for');
  };
  return { left, uniform: none, normal: none, below: () => left.shift() ?? none() };
}

const IMAGE = randomPixels(20, 30, 3);

describe('RandAugment', () => {
  it('applies operations of one strength one after the other, or their opposites', () => {
    // Of 30 bins above 0, the ninth: 9 of 30 degrees, 0.27 of 0.9
    const random = scripted(5, 1, 6, 0);
    const expected = adjustBrightness(rotate(IMAGE, -9), 1.27);
    expect(randAugment(IMAGE, { operations: 2, magnitude: 9 }, random)).toEqual(expected);
    expect(random.left).toEqual([]);
  });

  it('draws no opposite of what has none', () => {
    const random = scripted(13, 10, 0);
    const expected = posterize(equalize(IMAGE), 4);
    expect(randAugment(IMAGE, { operations: 3, magnitude: 30 }, random)).toEqual(expected);
    expect(random.left).toEqual([]);
  });

  it('repeats itself, keeps the size and leaves the image as it was', () => {
    for (const channels of [1, 3]) {
      const image = randomPixels(9, 14, channels);
      const before = image.data.slice();
      for (let seed = 0; seed < 50; seed++) {
        const changed = randAugment(image, { operations: 2, magnitude: 30 }, stream(seed));
        expect({ ...changed, data: 0 }).toEqual({ ...image, data: 0 });
        expect(changed.data.length).toBe(image.data.length);
        expect(randAugment(image, { operations: 2, magnitude: 30 }, stream(seed))).toEqual(changed);
      }
      expect(image.data).toEqual(before);
    }
  });
});

describe('TrivialAugment', () => {
  it('applies one operation of a strength of its own', () => {
    expect(trivialAugment(IMAGE, scripted(2, 15, 1))).toEqual(shearY(IMAGE, -0.495));
    expect(trivialAugment(IMAGE, scripted(10, 30))).toEqual(posterize(IMAGE, 2));
    expect(trivialAugment(IMAGE, scripted(0))).toBe(IMAGE);
  });
});

describe('random erasing', () => {
  const black = { data: new Uint8Array(60 * 60 * 3), height: 60, width: 60, channels: 3 };
  const MEAN = [0.5, 0.25, 1];

  it('fills a box of one image in so many with the mean colour', () => {
    const tries = 3000;
    const random = stream(8);
    const shares: number[] = [];
    const ratios: number[] = [];
    for (let i = 0; i < tries; i++) {
      const { data } = randomErasing(black, 0.4, MEAN, random);
      const erased = Array.from({ length: 3600 }, (_, p) => p).filter((p) => data[3 * p] !== 0);
      if (erased.length === 0) continue;
      for (const p of [erased[0] as number, erased.at(-1) as number])
        expect([...data.subarray(3 * p, 3 * p + 3)]).toEqual([128, 64, 255]);
      const [rows, columns] = [erased.map((p) => Math.floor(p / 60)), erased.map((p) => p % 60)];
      const [height, width] = [rows, columns].map((list) => Math.max(...list) - Math.min(...list) + 1) as [
        number,
        number,
      ];
      // What is erased is all of the box
      expect(erased.length).toBe(height * width);
      shares.push((height * width) / 3600);
      ratios.push(height / width);
    }
    // Four standard deviations of a binomial count
    expect(Math.abs(shares.length - 0.4 * tries)).toBeLessThan(4 * Math.sqrt(tries * 0.4 * 0.6));
    expect(Math.min(...shares)).toBeGreaterThan(0.015);
    expect(Math.max(...shares)).toBeLessThan(0.345);
    expect(shares.reduce((a, b) => a + b) / shares.length).toBeCloseTo(0.175, 1);
    // A box of few pixels has a coarse ratio
    expect(Math.min(...ratios)).toBeGreaterThan(0.25);
    expect(Math.max(...ratios)).toBeLessThan(4);
    expect(Math.abs(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)).toBeLessThan(0.1);
  });

  it('leaves an image in which no box fits', () => {
    const line = { data: new Uint8Array(9), height: 1, width: 9, channels: 1 };
    expect(randomErasing(line, 1, [0.5], stream(1))).toBe(line);
  });
});
