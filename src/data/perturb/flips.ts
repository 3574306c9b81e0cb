import { imagewise, type Operation } from './images.js';
import { resample } from './sample.js';

/** Mirrors every image left to right. */
export const horizontalFlip: Operation = imagewise((image, shape) => {
  return resample(image, shape, (y, x) => [y, shape.width - 1 - x]);
});

/** Mirrors every image top to bottom. */
export const verticalFlip: Operation = imagewise((image, shape) => {
  return resample(image, shape, (y, x) => [shape.height - 1 - y, x]);
});
