import { mapTuple } from '../../util/checked.js';
import { colourJitter, type JitterRanges } from '../operations/colour.js';
import { gaussianWeights, smooth } from '../operations/gaussian.js';
import type { ImageOperation } from './images.js';

/** Standard deviations that torchvision's GaussianBlur draws from, in pixels. */
export const BLUR_SIGMA = { least: 0.1, greatest: 2 };

/** Height and width of a blur's kernel in pixels, both odd. */
export interface BlurKernel {
  readonly height: number;
  readonly width: number;
}

/** Jitters colours, then blurs. */
export function colourJitterWithBlur(ranges: JitterRanges, { height, width }: BlurKernel): ImageOperation {
  return (image, random) => {
    const sigma = BLUR_SIGMA.least + (BLUR_SIGMA.greatest - BLUR_SIGMA.least) * random.uniform();
    const [along, down] = mapTuple([width, height], (size) => gaussianWeights(sigma, (size - 1) / 2));
    return smooth(colourJitter(image, ranges, random), along, down);
  };
}
