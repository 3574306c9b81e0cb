import { describe, expect, it } from 'vitest';
import { elastic } from '../../../src/data/operations/elastic.js';
import type { ImageBatch } from '../../../src/data/perturb/images.js';
import { cutmix, mixup } from '../../../src/data/perturb/mix.js';
import { POOLS } from '../../../src/data/perturb/pools.js';
import { resizedCrop } from '../../../src/data/perturb/random-resized-crop.js';
import { affine, warp } from '../../../src/data/perturb/warp.js';
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
    const image = { data: batchOf(5, 5, 1, 1).data, height: 5, width: 5, channels: 1 };
    const chosen = Array.from({ length: 400 }, (_, seed) => {
      const random = stream(seed, 'warp');
      const kind = random.below(2);
      const expected = (kind === 0 ? affine(ranges) : elastic)(image, random);
      expect(warp(ranges)(image, stream(seed, 'warp'))).toEqual(expected);
      return kind;
    });
    // Four standard deviations of a binomial count
    expect(Math.abs(chosen.reduce((a, b) => a + b, 0) - 200)).toBeLessThan(4 * Math.sqrt(400 / 4));
  });
});
