import sharp from 'sharp';
import { expect, it } from 'vitest';
import { encodePng } from '../../src/browser/pictures/png.js';
import { stream } from '../../src/util/random.js';

it.each([
  [1, 1],
  [1, 300],
  [37, 2],
  [64, 64],
])('a PNG of %i x %i pixels is decoded to the same', async (height, width) => {
  const random = stream(1, 'png', height, width);
  const data = Uint8Array.from({ length: 3 * height * width }, (_, i) => (i % 50 < 25 ? random.below(256) : 255));
  const image = sharp(encodePng({ data, height, width }), { failOn: 'warning' });
  expect(await image.metadata()).toMatchObject({
    format: 'png',
    width,
    height,
    channels: 3,
    depth: 'uchar',
    hasAlpha: false,
    hasProfile: false,
  });
  const { data: decoded } = await image.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  expect(decoded.equals(data)).toBe(true);
});
