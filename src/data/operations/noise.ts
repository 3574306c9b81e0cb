import type { Random } from '../../util/random.js';
import { mapSamples, type Raster } from './raster.js';

/** Adds N(0, sigma^2) to every sample, cut off at 0 and 1. */
export function addNoise(image: Raster<Float32Array>, sigma: number, random: Random): Raster<Float32Array> {
  return mapSamples(image, (x) => x + sigma * random.normal());
}
