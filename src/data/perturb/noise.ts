import { clamp, imagewise, type Operation } from './images.js';

/** Adds N(0, sigma^2) to every sample, cut off at 0 and 1. */
export const gaussianNoise = (sigma: number): Operation => {
  return imagewise((image, _, random) => image.map((x) => clamp(x + sigma * random.normal())));
};
