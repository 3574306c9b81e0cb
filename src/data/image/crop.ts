import type { Pixels, Size } from '../dataset/dataset.js';

/** A part of an image, in pixels. */
export interface Box extends Size {
  readonly top: number;
  readonly left: number;
}

/** Cuts a box out of an image; what lies outside of the image is 0 (black). */
export function crop({ data, height, width, channels }: Pixels, box: Box): Pixels {
  const out = new Uint8Array(box.height * box.width * channels);
  const x0 = Math.max(0, box.left);
  const x1 = Math.min(width, box.left + box.width);
  for (let y = Math.max(0, box.top); y < Math.min(height, box.top + box.height) && x0 < x1; y++) {
    const row = data.subarray((y * width + x0) * channels, (y * width + x1) * channels);
    out.set(row, ((y - box.top) * box.width + x0 - box.left) * channels);
  }
  return { data: out, height: box.height, width: box.width, channels };
}

/** The box of the given size in the middle of an image, rounded as torchvision does. */
export function centreBox(image: Size, { height, width }: Size): Box {
  return { top: halfToEven(image.height - height), left: halfToEven(image.width - width), height, width };
}

/** n / 2, rounded to the nearest integer and half to even (Python's `round`). */
function halfToEven(n: number): number {
  const half = Math.floor(n / 2);
  return n % 2 === 0 || half % 2 === 0 ? half : half + 1;
}
