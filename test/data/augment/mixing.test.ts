import { describe, expect, it } from 'vitest';
import { beta } from '../../../src/data/augment/beta.js';
import { drawMix, mixImages } from '../../../src/data/augment/mixing.js';
import { stream } from '../../../src/util/random.js';

const SIZE = { height: 6, width: 5 };
const draw = (mixup: number, cutmix: number, step = 0) => drawMix({ mixup, cutmix }, 8, SIZE, 3, step);
const STEPS = Array.from({ length: 400 }, (_, step) => step);

describe('Beta(alpha, alpha)', () => {
  it.each<[number, (x: number) => number]>([
    [0.5, (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
    [1, (x) => x],
    [2, (x) => 3 * x ** 2 - 2 * x ** 3],
  ])('alpha %f has its distribution', (alpha, distribution) => {
    const random = stream(5, 'beta', alpha);
    const drawn = Array.from({ length: 4000 }, () => beta(alpha, random)).sort((a, b) => a - b);
    const gap = Math.max(...drawn.map((x, i) => Math.abs(distribution(x) - (i + 0.5) / drawn.length)));
    // Kolmogorov and Smirnov's bound at one in a thousand
    expect(gap).toBeLessThan(1.95 / Math.sqrt(drawn.length));
  });

  it.each([1e-3, 0.05, 0.2, 50])('alpha %f has its mean and variance', (alpha) => {
    const random = stream(6, 'beta', alpha);
    const drawn = Array.from({ length: 4000 }, () => beta(alpha, random));
    expect(drawn.every((x) => x >= 0 && x <= 1)).toBe(true);
    const mean = drawn.reduce((a, b) => a + b) / drawn.length;
    const variance = drawn.reduce((sum, x) => sum + (x - 0.5) ** 2, 0) / drawn.length;
    const expected = 1 / (4 * (2 * alpha + 1));
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(expected / drawn.length));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.1);
  });
});

describe('how a batch is mixed', () => {
  it('depends on seed and step alone, and changes with the step', () => {
    expect(draw(0.4, 1, 7)).toEqual(draw(0.4, 1, 7));
    expect(draw(0.4, 1, 8)).not.toEqual(draw(0.4, 1, 7));
    expect([...draw(1, 0).partners].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('is what is asked for; one of both, each as often, where both are', () => {
    const boxes = (mixup: number, cutmix: number) => STEPS.filter((step) => draw(mixup, cutmix, step).box).length;
    expect([boxes(0.2, 0), boxes(0, 1)]).toEqual([0, 400]);
    // Four standard deviations of a binomial count
    expect(Math.abs(boxes(0.2, 1) - 200)).toBeLessThan(4 * Math.sqrt(400 / 4));
  });
});

describe('mixed images', () => {
  const image = (n: number, c: number, y: number, x: number) => Math.fround(Math.sin(100 * n + 31 * c + 7 * y + x));
  const at = (n: number, c: number, y: number, x: number) => ((n * 3 + c) * 6 + y) * 5 + x;
  const images = new Float32Array(8 * 3 * 6 * 5);
  const each = (visit: (n: number, c: number, y: number, x: number) => void) => {
    for (let n = 0; n < 8; n++)
      for (let c = 0; c < 3; c++) for (let y = 0; y < 6; y++) for (let x = 0; x < 5; x++) visit(n, c, y, x);
  };
  each((n, c, y, x) => {
    images[at(n, c, y, x)] = image(n, c, y, x);
  });

  it('of mixup are lambda x + (1 - lambda) x of the partner', () => {
    const { partners, lambda } = draw(1, 0, 4);
    const mixed = mixImages(images, { partners, lambda }, { ...SIZE, channels: 3 });
    each((n, c, y, x) => {
      const expected = lambda * image(n, c, y, x) + (1 - lambda) * image(partners[n] as number, c, y, x);
      expect(mixed[at(n, c, y, x)]).toBe(Math.fround(expected));
    });
  });

  it('of CutMix have one box of the partner, and lambda is the share around it', () => {
    let clipped = 0;
    for (const step of STEPS.slice(0, 60)) {
      const mix = draw(0, 1, step);
      const { partners, lambda, box = { top: 0, left: 0, height: 0, width: 0 } } = mix;
      expect(box.top >= 0 && box.left >= 0 && box.top + box.height <= 6 && box.left + box.width <= 5).toBe(true);
      expect(lambda).toBeCloseTo(1 - (box.height * box.width) / 30, 12);
      if (box.height % 2 === 1 || box.width % 2 === 1) clipped++;
      const mixed = mixImages(images, mix, { ...SIZE, channels: 3 });
      let same = true;
      each((n, c, y, x) => {
        const inside = y >= box.top && y < box.top + box.height && x >= box.left && x < box.left + box.width;
        same &&= mixed[at(n, c, y, x)] === image(inside ? (partners[n] as number) : n, c, y, x);
      });
      expect([step, same]).toEqual([step, true]);
    }
    // Half a side is a whole number of pixels: an odd one was cut off at an edge
    expect(clipped).toBeGreaterThan(5);
  });
});
