import type { Pixels } from '../dataset/dataset.js';
import { toGrey } from './colours.js';

/** An image with so many channels: colour becomes grey as `decodeImage` makes it, grey is repeated in each channel. */
export function withChannels(image: Pixels, channels: 1 | 3): Pixels {
  if (image.channels === channels) return image;
  return channels === 1 ? toGrey(image) : repeated(image, channels);
}

/** [h, w, 1] -> [h, w, channels] */
function repeated({ data, height, width }: Pixels, channels: number): Pixels {
  const all = Uint8Array.from({ length: data.length * channels }, (_, i) => data[Math.floor(i / channels)] as number);
  return { data: all, height, width, channels };
}
