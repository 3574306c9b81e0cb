import { type RandomResizedCrop, randomResizedBox } from '../image/random-crop.js';
import { imagewise, type Operation } from './images.js';
import { resample } from './sample.js';

/** Cuts a random part out of every image and scales it up to the whole, bilinear. */
export function resizedCrop(ranges: RandomResizedCrop): Operation {
  return imagewise((image, shape, random) => {
    const { top, left, height, width } = randomResizedBox(shape, ranges, random);
    const [sy, sx] = [height / shape.height, width / shape.width];
    const within = (x: number, start: number, size: number) => Math.min(start + size - 1, Math.max(start, x));
    return resample(image, shape, (y, x) => {
      return [within(top + (y + 0.5) * sy - 0.5, top, height), within(left + (x + 0.5) * sx - 0.5, left, width)];
    });
  });
}
