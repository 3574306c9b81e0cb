import { describe, expect, it } from 'vitest';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from '../../../src/data/perturb/colour.js';
import { horizontalFlip, verticalFlip } from '../../../src/data/perturb/flips.js';
import { gaussianWeights, smooth } from '../../../src/data/perturb/gaussian.js';
import type { ImageBatch } from '../../../src/data/perturb/images.js';
import { cutmix, mixup } from '../../../src/data/perturb/mix.js';
import { gaussianNoise } from '../../../src/data/perturb/noise.js';
import { POOLS } from '../../../src/data/perturb/pools.js';
import { resizedCrop } from '../../../src/data/perturb/random-resized-crop.js';
import { resample } from '../../../src/data/perturb/sample.js';
import { affine, affineSource, elastic, warp } from '../../../src/data/perturb/warp.js';
import { stream } from '../../../src/util/random.js';

const COUNT = 5;

function batchOf(height: number, width: number, channels: number, count = COUNT): ImageBatch {
  const random = stream(3, 'images', height, width, channels);
  const data = Float32Array.from({ length: count * height * width * channels }, () => random.uniform());
  return { data, count, height, width, channels };
}

const at = ({ data, height, width, channels }: ImageBatch, n: number, y: number, x: number, c: number) => {
  return data[((n * height + y) * width + x) * channels + c] as number;
};

function forEachSample(batch: ImageBatch, check: (n: number, y: number, x: number, c: number) => void): void {
  for (let n = 0; n < batch.count; n++)
    for (let y = 0; y < batch.height; y++)
      for (let x = 0; x < batch.width; x++) for (let c = 0; c < batch.channels; c++) check(n, y, x, c);
}

const OPERATIONS = Object.entries(POOLS).flatMap(([pool, operations]) => {
  return Object.entries(operations).map(([name, operation]) => ({ name: `${pool}: ${name}`, operation }));
});

describe('every operation', () => {
  it.each(OPERATIONS)('$name keeps shape and range, changes the batch, and repeats itself', ({ operation }) => {
    for (const channels of [1, 3]) {
      const batch = batchOf(12, 9, channels);
      const before = batch.data.slice();
      const first = operation(batch, stream(1, 'a'));
      expect(batch.data).toEqual(before);
      expect({ ...first.images, data: 0 }).toEqual({ ...batch, data: 0 });
      expect(first.images.data.every((x) => x >= 0 && x <= 1.000001)).toBe(true);
      expect(first.images.data).not.toEqual(batch.data);
      expect(operation(batch, stream(1, 'a'))).toEqual(first);
      expect(operation(batch, stream(2, 'a')).lambda === first.lambda).toBe(first.partners === undefined);
    }
  });
});

describe('what is drawn', () => {
  const alike = ({ data, count }: ImageBatch) => {
    const [first, ...others] = Array.from({ length: count }, (_, i) => data.subarray(i * 108, (i + 1) * 108).join());
    return others.every((other) => other === first);
  };
  const image = batchOf(6, 6, 3, 1).data;
  const same: ImageBatch = {
    ...batchOf(6, 6, 3),
    data: Float32Array.from({ length: COUNT * 108 }, (_, i) => image[i % 108] as number),
  };

  it.each(['colour-jitter-blur', 'rotation'])('of the pool release, %s treats the images of a batch alike', (name) => {
    expect(alike(POOLS.release[name]?.(same, stream(1)).images as ImageBatch)).toBe(true);
  });

  it.each(['warp', 'random-resized-crop', 'noise'])('of the pool paper, %s treats each in its own way', (name) => {
    expect(alike(POOLS.paper[name]?.(same, stream(1)).images as ImageBatch)).toBe(false);
  });
});

describe('mixing', () => {
  it('mixup is lambda x + (1 - lambda) x of the partner', () => {
    const batch = batchOf(4, 5, 3);
    const { images, partners, lambda } = mixup(batch, stream(7, 'mixup'));
    expect([...(partners as Uint32Array)].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(lambda).toBe(stream(7, 'mixup').uniform());
    forEachSample(batch, (n, y, x, c) => {
      const other = at(batch, partners?.[n] as number, y, x, c);
      expect(at(images, n, y, x, c)).toBeCloseTo(lambda * at(batch, n, y, x, c) + (1 - lambda) * other, 6);
    });
  });

  it('CutMix has one box of the partner, and lambda is the share around it', () => {
    for (let seed = 0; seed < 20; seed++) {
      const batch = batchOf(8, 6, 1);
      const { images, partners, lambda } = cutmix(batch, stream(seed, 'cutmix'));
      let own = 0;
      forEachSample(batch, (n, y, x, c) => {
        const value = at(images, n, y, x, c);
        const [mine, other] = [at(batch, n, y, x, c), at(batch, partners?.[n] as number, y, x, c)];
        expect([mine, other]).toContain(value);
        // A partner of itself says nothing about the box
        if (partners?.[n] !== n && value === mine) own++;
      });
      const mixed = [...(partners as Uint32Array)].filter((partner, n) => partner !== n).length;
      if (mixed > 0) expect(own / (mixed * 48)).toBeCloseTo(lambda, 12);
    }
  });
});

describe('geometry', () => {
  it('flips', () => {
    const batch = batchOf(4, 5, 3);
    const [across, down] = [horizontalFlip(batch, stream(0)).images, verticalFlip(batch, stream(0)).images];
    forEachSample(batch, (n, y, x, c) => {
      expect(at(across, n, y, x, c)).toBe(at(batch, n, y, 4 - x, c));
      expect(at(down, n, y, x, c)).toBe(at(batch, n, 3 - y, x, c));
    });
  });

  it('resampling is bilinear, and black outside', () => {
    const image = Float32Array.from([0, 1, 0.5, 0.25]);
    const shape = { height: 2, width: 2, channels: 1 };
    expect([...resample(image, shape, () => [0.5, 0.5])]).toEqual(new Array(4).fill(0.4375));
    expect([...resample(image, shape, () => [-0.5, 1])]).toEqual(new Array(4).fill(0.5));
    expect([...resample(image, shape, () => [-1, 0])]).toEqual([0, 0, 0, 0]);
  });

  it('a quarter turn moves the corners', () => {
    const map = { rotation: Math.PI / 2, shear: 0, scale: 1, shift: [0, 0] as const };
    const source = affineSource(map, { height: 5, width: 5, channels: 1 });
    const [y, x] = source(0, 0);
    expect([Math.abs(y - 4) < 1e-9 || Math.abs(y) < 1e-9, y === x]).toEqual([true, false]);
    expect(Math.hypot(y - 2, x - 2)).toBeCloseTo(Math.hypot(2, 2), 9);
  });

  it('an affine map is undone by its source', () => {
    const { rotation, shear, scale, shift } = { rotation: 0.3, shear: 0.2, scale: 1.2, shift: [0.1, -0.05] as const };
    const source = affineSource({ rotation, shear, scale, shift }, { height: 9, width: 7, channels: 1 });
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

  it('a resized crop of a plain image is that image', () => {
    const plain = { ...batchOf(6, 6, 3), data: new Float32Array(COUNT * 108).fill(0.25) };
    const { images } = resizedCrop({ scale: [0.3, 0.7], ratio: [0.75, 1.33] })(plain, stream(4));
    for (const value of images.data) expect(value).toBeCloseTo(0.25, 6);
  });

  it('a resized crop shows only what lies in the box', () => {
    // Rows are numbered: neighbours differ by less than in the original, as a part is scaled up
    const ramp = {
      data: Float32Array.from({ length: 64 }, (_, i) => Math.floor(i / 8) / 8),
      count: 1,
      height: 8,
      width: 8,
      channels: 1,
    };
    const { images } = resizedCrop({ scale: [0.3, 0.3], ratio: [1, 1] })(ramp, stream(4));
    const step = at(images, 0, 4, 4, 0) - at(images, 0, 3, 4, 0);
    expect(step).toBeCloseTo((Math.round(Math.sqrt(0.3 * 64)) / 8) * (1 / 8), 6);
  });

  it('a warp is affine or elastic, each as often', () => {
    const ranges = { rotation: 20, translation: 0.1, scale: 0.2, shear: 10 };
    const shape = { height: 5, width: 5, channels: 1 };
    const image = batchOf(5, 5, 1, 1).data;
    const chosen = Array.from({ length: 400 }, (_, seed) => {
      const random = stream(seed, 'warp');
      const kind = random.below(2);
      const expected = (kind === 0 ? affine(ranges) : elastic)(image, shape, random);
      expect(warp(ranges)(image, shape, stream(seed, 'warp'))).toEqual(expected);
      return kind;
    });
    // Four standard deviations of a binomial count
    expect(Math.abs(chosen.reduce((a, b) => a + b, 0) - 200)).toBeLessThan(4 * Math.sqrt(400 / 4));
  });

  it('elastic keeps what is plain in the middle, and moves a ramp by no more than its reach', () => {
    const data = Float32Array.from({ length: 32 * 32 }, (_, i) => (i % 32) / 31);
    const image = elastic(data, { height: 32, width: 32, channels: 1 }, stream(5));
    const middle = [12, 16, 20].flatMap((y) => [12, 16, 20].map((x) => (image[y * 32 + x] as number) - x / 31));
    expect(Math.max(...middle.map(Math.abs))).toBeGreaterThan(0);
    expect(Math.max(...middle.map(Math.abs))).toBeLessThan(34 / 28);
  });
});

describe('noise and colours', () => {
  it('noise has its deviation', () => {
    const grey = { ...batchOf(40, 40, 1, 1), data: new Float32Array(1600).fill(0.5) };
    const { images } = gaussianNoise(0.1)(grey, stream(6));
    const mean = images.data.reduce((a, b) => a + b, 0) / 1600;
    const variance = images.data.reduce((a, b) => a + (b - mean) ** 2, 0) / 1600;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.sqrt(variance)).toBeGreaterThan(0.09);
    expect(Math.sqrt(variance)).toBeLessThan(0.11);
  });

  it('brightness, contrast and saturation by their formulas', () => {
    const pixel = Float32Array.from([0.2, 0.4, 0.8]);
    const grey = 0.2989 * 0.2 + 0.587 * 0.4 + 0.114 * 0.8;
    const close = (got: Float32Array, expected: number[]) => {
      for (const [i, x] of expected.entries()) expect(got[i]).toBeCloseTo(x, 6);
    };
    close(adjustBrightness(pixel, 1.5), [0.3, 0.6, 1]);
    close(
      adjustContrast(pixel, { height: 1, width: 1, channels: 3 }, 0.5),
      [0.2, 0.4, 0.8].map((x) => 0.5 * x + 0.5 * grey),
    );
    close(adjustSaturation(pixel, 0), [grey, grey, grey]);
  });

  it('hue turns red to green by a third, and back to red by a whole turn', () => {
    const red = Float32Array.from([0.9, 0.1, 0.1]);
    const near = (x: number) => Number(x.toFixed(6));
    expect([...adjustHue(red, 1 / 3)].map(near)).toEqual([0.1, 0.9, 0.1]);
    expect([...adjustHue(red, 1)].map(near)).toEqual([0.9, 0.1, 0.1]);
    expect([...adjustHue(Float32Array.from([0.4, 0.4, 0.4]), 0.2)].map(near)).toEqual([0.4, 0.4, 0.4]);
  });

  it('smoothing against a plain loop with mirrored borders', () => {
    const shape = { height: 4, width: 3, channels: 1 };
    const image = batchOf(4, 3, 1, 1).data;
    const weights = gaussianWeights(1, 1);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect((weights[0] as number) / (weights[1] as number)).toBeCloseTo(Math.exp(-0.5), 12);
    const mirror = (i: number, size: number) => (i < 0 ? -i : i >= size ? 2 * size - 2 - i : i);
    const wide = gaussianWeights(1.5, 2);
    const smoothed = smooth(image, shape, wide, weights);
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 3; x++) {
        let sum = 0;
        for (let i = -1; i <= 1; i++)
          for (let j = -2; j <= 2; j++)
            sum +=
              (weights[i + 1] as number) *
              (wide[j + 2] as number) *
              (image[mirror(y + i, 4) * 3 + mirror(x + j, 3)] as number);
        expect(smoothed[y * 3 + x]).toBeCloseTo(sum, 6);
      }
    }
  });
});
