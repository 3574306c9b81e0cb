import type { LabelledPicture } from '../../src/api/browser.js';
import { stream } from '../../src/util/random.js';

/** In an order that isn't that of their folders. */
export const CLASSES = ['waves', 'Äste'] as const;

/** Pictures of two kinds under noise, in sizes of their own: stripes from left to right, and from top to bottom. */
export function drawPictures(perClass: number, side?: number): LabelledPicture[] {
  return CLASSES.flatMap((_, label) =>
    Array.from({ length: perClass }, (_, i): LabelledPicture => {
      const random = stream(11, 'picture', label, i);
      const [width, height] = [side ?? 20 + random.below(9), side ?? 20 + random.below(9)];
      const [pace, phase] = [0.5 + random.uniform(), 6 * random.uniform()];
      const pixels = Uint8Array.from({ length: 3 * width * height }, (_, at) => {
        const [x, y, channel] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width), at % 3];
        return 128 + 60 * Math.sin(pace * (label === 0 ? x : y) + phase + channel) + 50 * (random.uniform() - 0.5);
      });
      // Names as people and cameras give them; sorted otherwise than drawn
      return { name: `${label === 0 ? 'Photo' : 'photo'} ${perClass - i} (${i}).jpg`, label, width, height, pixels };
    }),
  );
}
