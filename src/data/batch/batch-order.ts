import { permutation, stream } from '../../util/random.js';

/** Number of batches in an epoch; a last short one counts unless only whole ones are wanted. */
export function stepCount(images: number, batchSize: number, wholeOnly: boolean): number {
  return wholeOnly ? Math.floor(images / batchSize) : Math.ceil(images / batchSize);
}

/** The order in which a training epoch takes the images: positions in the split. */
export function shuffledOrder(images: number, seed: number, epoch: number): Uint32Array {
  return permutation(images, stream(seed, 'shuffle', epoch));
}

/** All images in their own order. */
export function plainOrder(images: number): Uint32Array {
  return Uint32Array.from({ length: images }, (_, i) => i);
}
