import { describe, expect, it } from 'vitest';
import { affineSource } from '../../../src/data/operations/affine.js';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from '../../../src/data/operations/colour.js';
import { elastic } from '../../../src/data/operations/elastic.js';
import { flipHorizontally, flipVertically } from '../../../src/data/operations/flips.js';
import { gaussianWeights, smooth } from '../../../src/data/operations/gaussian.js';
import { addNoise } from '../../../src/data/operations/noise.js';
import type { Raster } from '../../../src/data/operations/raster.js';
import { bilinear } from '../../../src/data/operations/resample.js';
import { stream } from '../../../src/util/random.js';

type Image = Raster<Float32Array>;

function floating(height: number, width: number, channels: number): Image {
  const random = stream(3, 'images', height, width, channels);
  const data = Float32Array.from({ length: height * width * channels }, () => random.uniform());
  return { data, height, width, channels };
}

const pixelOf = (...samples: number[]): Image => ({
  data: Float32Array.from(samples),
  height: 1,
  width: 1,
  channels: samples.length,
});

describe('geometry', () => {
  it('flips', () => {
    const image = floating(4, 5, 3);
    const [across, down] = [flipHorizontally(image), flipVertically(image)];
    const at = (of: Image, y: number, x: number, c: number) => of.data[(y * 5 + x) * 3 + c];
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 5; x++) {
        for (let c = 0; c < 3; c++) {
          expect(at(across, y, x, c)).toBe(at(image, y, 4 - x, c));
          expect(at(down, y, x, c)).toBe(at(image, 3 - y, x, c));
        }
      }
    }
  });

  it('resampling is bilinear, and black outside', () => {
    const image = { data: Float32Array.from([0, 1, 0.5, 0.25]), height: 2, width: 2, channels: 1 };
    expect([...bilinear(image, () => [0.5, 0.5]).data]).toEqual(new Array(4).fill(0.4375));
    expect([...bilinear(image, () => [-0.5, 1]).data]).toEqual(new Array(4).fill(0.5));
    expect([...bilinear(image, () => [-1, 0]).data]).toEqual([0, 0, 0, 0]);
  });

  it('a quarter turn moves the corners', () => {
    const map = { rotation: Math.PI / 2, shear: 0, scale: 1, shift: [0, 0] as const };
    const source = affineSource(map, { height: 5, width: 5 });
    const [y, x] = source(0, 0);
    expect([Math.abs(y - 4) < 1e-9 || Math.abs(y) < 1e-9, y === x]).toEqual([true, false]);
    expect(Math.hypot(y - 2, x - 2)).toBeCloseTo(Math.hypot(2, 2), 9);
  });

  it('an affine map is undone by its source', () => {
    const { rotation, shear, scale, shift } = { rotation: 0.3, shear: 0.2, scale: 1.2, shift: [0.1, -0.05] as const };
    const source = affineSource({ rotation, shear, scale, shift }, { height: 9, width: 7 });
    const [y, x] = source(5, 2);
    // Forward by hand: shear along x, rotate, scale, shift
    const [dy, dx] = [y - 4, x - 3 + Math.tan(shear) * (y - 4)];
    const [ry, rx] = [
      Math.cos(rotation) * dy - Math.sin(rotation) * dx,
      Math.sin(rotation) * dy + Math.cos(rotation) * dx,
    ];
    expect([4 + scale * ry + shift[0] * 9, 3 + scale * rx + shift[1] * 7].map((v) => Number(v.toFixed(9)))).toEqual([
      5, 2,
    ]);
  });

  it('elastic keeps what is plain in the middle, and moves a ramp by no more than its reach', () => {
    const data = Float32Array.from({ length: 32 * 32 }, (_, i) => (i % 32) / 31);
    const { data: image } = elastic({ data, height: 32, width: 32, channels: 1 }, stream(5));
    const middle = [12, 16, 20].flatMap((y) => [12, 16, 20].map((x) => (image[y * 32 + x] as number) - x / 31));
    expect(Math.max(...middle.map(Math.abs))).toBeGreaterThan(0);
    expect(Math.max(...middle.map(Math.abs))).toBeLessThan(34 / 28);
  });
});

describe('noise and colours', () => {
  it('noise has its deviation', () => {
    const grey = { data: new Float32Array(1600).fill(0.5), height: 40, width: 40, channels: 1 };
    const { data } = addNoise(grey, 0.1, stream(6));
    const mean = data.reduce((a, b) => a + b, 0) / 1600;
    const variance = data.reduce((a, b) => a + (b - mean) ** 2, 0) / 1600;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.sqrt(variance)).toBeGreaterThan(0.09);
    expect(Math.sqrt(variance)).toBeLessThan(0.11);
  });

  it('brightness, contrast and saturation by their formulas', () => {
    const pixel = pixelOf(0.2, 0.4, 0.8);
    const grey = 0.2989 * 0.2 + 0.587 * 0.4 + 0.114 * 0.8;
    const close = ({ data }: Image, expected: number[]) => {
      for (const [i, x] of expected.entries()) expect(data[i]).toBeCloseTo(x, 6);
    };
    close(adjustBrightness(pixel, 1.5), [0.3, 0.6, 1]);
    close(
      adjustContrast(pixel, 0.5),
      [0.2, 0.4, 0.8].map((x) => 0.5 * x + 0.5 * grey),
    );
    close(adjustSaturation(pixel, 0), [grey, grey, grey]);
  });

  it('hue turns red to green by a third, and back to red by a whole turn', () => {
    const red = pixelOf(0.9, 0.1, 0.1);
    const near = (x: number) => Number(x.toFixed(6));
    expect([...adjustHue(red, 1 / 3).data].map(near)).toEqual([0.1, 0.9, 0.1]);
    expect([...adjustHue(red, 1).data].map(near)).toEqual([0.9, 0.1, 0.1]);
    expect([...adjustHue(pixelOf(0.4, 0.4, 0.4), 0.2).data].map(near)).toEqual([0.4, 0.4, 0.4]);
  });

  it('smoothing against a plain loop with mirrored borders', () => {
    const image = floating(4, 3, 1);
    const weights = gaussianWeights(1, 1);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect((weights[0] as number) / (weights[1] as number)).toBeCloseTo(Math.exp(-0.5), 12);
    const mirror = (i: number, size: number) => (i < 0 ? -i : i >= size ? 2 * size - 2 - i : i);
    const wide = gaussianWeights(1.5, 2);
    const { data: smoothed } = smooth(image, wide, weights);
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 3; x++) {
        let sum = 0;
        for (let i = -1; i <= 1; i++)
          for (let j = -2; j <= 2; j++)
            sum +=
              (weights[i + 1] as number) *
              (wide[j + 2] as number) *
              (image.data[mirror(y + i, 4) * 3 + mirror(x + j, 3)] as number);
        expect(smoothed[y * 3 + x]).toBeCloseTo(sum, 6);
      }
    }
  });
});
