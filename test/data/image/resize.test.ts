import { describe, expect, it } from 'vitest';
import type { Pixels } from '../../../src/data/dataset/dataset.js';
import { coveringSize, resize } from '../../../src/data/image/resize.js';
import { randomPixels } from '../helpers.js';

/** Bilinear with antialiasing in floating point, straight from its definition; rounded to 8 bits between the passes. */
function reference({ data, height, width, channels }: Pixels, outHeight: number, outWidth: number): number[] {
  const weigh = (inputs: number, outputs: number, output: number, value: (i: number) => number) => {
    const scale = Math.max(1, inputs / outputs);
    const centre = ((output + 0.5) * inputs) / outputs;
    let [sum, total] = [0, 0];
    for (let i = 0; i < inputs; i++) {
      const weight = Math.max(0, 1 - Math.abs(i + 0.5 - centre) / scale);
      sum += weight * value(i);
      total += weight;
    }
    return Math.floor(sum / total + 0.5);
  };
  const out: number[] = [];
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let c = 0; c < channels; c++) {
        const inRow = (row: number) =>
          weigh(width, outWidth, x, (i) => data[(row * width + i) * channels + c] as number);
        out.push(weigh(height, outHeight, y, inRow));
      }
    }
  }
  return out;
}

const PILLOW_DOWN = [53, 72, 91, 152, 171, 190];
const PILLOW_MIXED = [
  5, 19, 35, 49, 37, 51, 67, 81, 79, 93, 109, 123, 120, 134, 150, 164, 163, 177, 193, 207, 194, 208, 224, 238,
];

describe('resize', () => {
  it.each([
    [9, 7, 3, 4, 5],
    [9, 7, 1, 4, 5],
    [5, 6, 3, 11, 13],
    [8, 3, 3, 3, 8],
    [16, 16, 1, 16, 5],
    [1, 1, 3, 4, 4],
  ])('%i x %i with %i channels to %i x %i is what plain loops give', (height, width, channels, outHeight, outWidth) => {
    const image = randomPixels(height, width, channels);
    const resized = resize(image, { height: outHeight, width: outWidth });
    const expected = reference(image, outHeight, outWidth);
    expect(resized.data.length).toBe(expected.length);
    const worst = Math.max(...expected.map((value, i) => Math.abs(value - (resized.data[i] as number))));
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('gives the same bytes as Pillow', () => {
    // Pillow 9.4: Image.frombytes('L', (7, 4), bytes(range(0, 252, 9))).resize((3, 2), Image.BILINEAR).tobytes()
    const image = { data: Uint8Array.from({ length: 28 }, (_, i) => 9 * i), height: 4, width: 7, channels: 1 };
    expect([...resize(image, { height: 2, width: 3 }).data]).toEqual(PILLOW_DOWN);
    // ... .resize((4, 6), Image.BILINEAR)
    expect([...resize(image, { height: 6, width: 4 }).data]).toEqual(PILLOW_MIXED);
  });

  it('leaves an image of the wanted size as it is', () => {
    const image = randomPixels(4, 5, 3);
    expect(resize(image, { height: 4, width: 5 }).data).toEqual(image.data);
  });
});

it.each([
  [400, 300, 256, 256, 341, 256],
  [300, 400, 256, 256, 256, 341],
  [10, 10, 32, 32, 32, 32],
  [32, 64, 32, 32, 32, 64],
  [100, 50, 20, 40, 80, 40],
])('an image of %i x %i that covers %i x %i has %i x %i', (height, width, toHeight, toWidth, outHeight, outWidth) => {
  const size = coveringSize({ height, width }, { height: toHeight, width: toWidth });
  expect(size).toEqual({ height: outHeight, width: outWidth });
});
