import { permutation, type Random, stream } from '../../util/random.js';
import type { Size } from '../dataset/dataset.js';
import type { Box } from '../image/crop.js';
import { blendImages, boxAround, pasteBoxes, shareAround } from '../operations/mix.js';
import { beta } from './beta.js';

/** How strongly a batch's images are mixed with each other: the alpha of Beta(alpha, alpha), 0: not. */
export interface Mixing {
  readonly mixup: number;
  readonly cutmix: number;
}

/** How the images of one batch are mixed. Plain data. */
export interface DrawnMix {
  /** The image of the batch that each one is mixed with, maybe itself. */
  readonly partners: Uint32Array;
  /** The share of the own image and label. */
  readonly lambda: number;
  /** Where the partner shows, of CutMix; absent with mixup. */
  readonly box?: Box;
}

/** Whether anything is mixed. */
export const mixes = ({ mixup, cutmix }: Mixing): boolean => mixup > 0 || cutmix > 0;

/**
 * Mixes the batch of a step, counted over the run: mixup (Zhang et al. 2018) or CutMix (Yun et al. 2019), each as often as the
 * other where both are asked for. One lambda ~ Beta(alpha, alpha) and one random permutation for the batch; CutMix's box has a uniform
 * centre and is cut off at the edges, by which lambda becomes the share that is left.
 */
export function drawMix({ mixup, cutmix }: Mixing, count: number, image: Size, seed: number, step: number): DrawnMix {
  const random = stream(seed, 'mix', step);
  const cuts = mixup > 0 && cutmix > 0 ? random.uniform() < 0.5 : cutmix > 0;
  const lambda = beta(cuts ? cutmix : mixup, random);
  const partners = permutation(count, random);
  if (!cuts) return { partners, lambda };
  const box = drawnBox(image, Math.sqrt(1 - lambda), random);
  return { partners, lambda: shareAround(box, image), box };
}

function drawnBox(image: Size, share: number, random: Random): Box {
  return boxAround(image, share, [random.below(image.height), random.below(image.width)]);
}

/** Normalised images [n, channels, height, width], mixed. */
export function mixImages(
  images: Float32Array<ArrayBuffer>,
  { partners, lambda, box }: DrawnMix,
  { channels, height, width }: Size & { readonly channels: number },
): Float32Array<ArrayBuffer> {
  if (!box) return blendImages(images, partners, lambda);
  return pasteBoxes(images, partners, box, { height, width, planes: channels, samples: 1 });
}
