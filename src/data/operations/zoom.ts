import type { Box } from '../image/crop.js';
import type { Raster } from './raster.js';
import { bilinear } from './resample.js';

/** Scales a part of an image up to the whole, bilinear. */
export function zoomInto(image: Raster<Float32Array>, { top, left, height, width }: Box): Raster<Float32Array> {
  const [sy, sx] = [height / image.height, width / image.width];
  const within = (x: number, start: number, size: number) => Math.min(start + size - 1, Math.max(start, x));
  return bilinear(image, (y, x) => {
    return [within(top + (y + 0.5) * sy - 0.5, top, height), within(left + (x + 0.5) * sx - 0.5, left, width)];
  });
}
