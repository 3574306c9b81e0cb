import { stream } from '../../../src/util/random.js';

/** An odd number of bytes, which a device has in words of four. */
export const SHAPE = [3, 3, 5, 7] as const;
export const STATISTICS = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const random = stream(4, 'pixels');
export const somePixels = Uint8Array.from({ length: 315 }, () => random.below(256));
/** Top, left and flip of each image. */
export const someMoves = [
  [0, 0, 1],
  [-2, 1, 0],
  [3, -4, 1],
] as const;

/** What they are when they are moved and normalised, by plain loops. */
export function preparedPixels(): number[] {
  const [images, channels, height, width] = SHAPE;
  const prepared: number[] = [];
  for (let n = 0; n < images; n++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const [top, left, flip] = someMoves[n] as readonly [number, number, number];
          const [row, column] = [y + top, (flip ? width - 1 - x : x) + left];
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          const byte = inside ? (somePixels[((n * channels + c) * height + row) * width + column] as number) : 0;
          prepared.push((byte / 255 - (STATISTICS.mean[c] as number)) / (STATISTICS.std[c] as number));
        }
  return prepared;
}
