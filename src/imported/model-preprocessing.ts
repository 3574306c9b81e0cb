import { type Preprocessing, preprocessingFor } from '../data/image/preprocess.js';
import type { Shape } from '../graph/node/dim.js';
import type { ImageFacts } from './image-facts.js';

/**
 * How images become the input [N, C, H, W] of a model of another program, as far as that is known: undefined where neither its input nor
 * what says how they are normalised has a size, or both are for other channels.
 */
export function preprocessingOf(images: ImageFacts, [, channels, ...sides]: Shape): Preprocessing | undefined {
  const { mean, std, size, resize } = images;
  if ((channels !== 1 && channels !== 3) || mean.length !== channels) return undefined;
  const [height, width] = sides.map((side) => (typeof side === 'number' ? side : size));
  if (height === undefined || width === undefined) return undefined;
  const usual = preprocessingFor({ channels }, { mean, std }, { height, width });
  const isOwn = size === height && size === width && resize !== undefined && resize >= size;
  return isOwn ? { ...usual, resize: { height: resize, width: resize } } : usual;
}
