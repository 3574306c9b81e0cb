import type { Random } from '../../util/random.js';
import type { Pixels } from '../dataset/dataset.js';
import { drawBox } from '../image/random-crop.js';
import { erase } from '../operations/erase.js';

/** torchvision's defaults: share of the area, and height / width. */
const SCALE = [0.02, 0.33] as const;
const HEIGHT_TO_WIDTH = [0.3, 3.3] as const;
const RANGES = { scale: SCALE, ratio: [1 / HEIGHT_TO_WIDTH[1], 1 / HEIGHT_TO_WIDTH[0]] } as const;

/**
 * Random erasing (Zhong et al. 2020) as torchvision's RandomErasing draws it: with a probability, a box of the image shows the
 * mean colour, which is 0 once it is normalised. An image in which ten boxes don't fit stays as it is.
 *
 * @param mean - Of each channel, of samples in [0, 1].
 */
export function randomErasing(image: Pixels, probability: number, mean: readonly number[], random: Random): Pixels {
  if (random.uniform() >= probability) return image;
  const within = { height: image.height - 1, width: image.width - 1 };
  const box = drawBox(image, RANGES, within, random);
  if (!box) return image;
  const colour = mean.map((each) => Math.round(255 * each));
  return erase(image, box, colour);
}
