import { z } from 'zod';
import { MAGNITUDES } from '../../data/augment/magnitudes.js';

const share = z.number().min(0).max(1);
const alpha = z.number().min(0);

/** Random crops and flips of training images. */
export const cropsAndFlips = z.strictObject({
  randomResizedCrop: z
    .strictObject({
      scale: z.tuple([share, share]).meta({ description: "smallest and largest share of the image's area" }),
      ratio: z
        .tuple([z.number().positive(), z.number().positive()])
        .meta({ description: 'smallest and largest ratio of width to height' }),
    })
    .nullable()
    .default(null)
    .meta({ description: 'random resized crop' }),
  padCrop: z
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'pixels of padding on each side, out of which a crop of the input size is taken' }),
  flip: z.boolean().default(false).meta({ description: 'horizontal flip of every other image' }),
  rotation: z
    .number()
    .min(0)
    .max(180)
    .default(0)
    .meta({ description: 'largest angle of a random rotation, in degrees' }),
});

/** What is done at random to training images beside crops and flips. */
export const IMAGE_CHANGES = {
  randAugment: z
    .tuple([
      z.int().min(1),
      z
        .int()
        .min(0)
        .max(MAGNITUDES - 1),
    ])
    .nullable()
    .default(null)
    .meta({
      flag: '--rand-augment <n,m>',
      group: 'Data',
      description:
        "RandAugment, after crops and flips: so many random operations of torchvision's fourteen, of one magnitude (0 to 30)",
      help: 'RandAugment: n operations of magnitude m, 0 to 30',
      otherwise: 'none',
    }),
  trivialAugment: z.boolean().default(false).meta({
    flag: '--trivial-augment',
    group: 'Data',
    description:
      'TrivialAugment with its wide ranges, after crops and flips: one random operation of a random magnitude for each image',
    help: 'TrivialAugment: one random operation for each image',
  }),
  colorJitter: z
    .tuple([share, share, share, z.number().min(0).max(0.5)])
    .nullable()
    .default(null)
    .meta({
      flag: '--color-jitter <b,c,s,h>',
      rare: true,
      group: 'Data',
      description:
        'largest changes of brightness, contrast and saturation (factors 1 - x to 1 + x) and of hue (share of the colour circle), in random order',
      help: 'largest changes of brightness, contrast, saturation, hue',
      otherwise: 'none',
    }),
  randomErasing: share.default(0).meta({
    flag: '--random-erasing <p>',
    rare: true,
    group: 'Data',
    description:
      'probability that a random box of an image shows the mean colour (2 to 33 % of the area), after all other changes',
    help: 'probability that a random box of an image is erased',
  }),
};

/** How all networks see the images of a batch mixed with each other. */
export const IMAGE_MIXING = {
  mixup: alpha.default(0).meta({
    flag: '--mixup <alpha>',
    group: 'Data',
    description:
      'mixup for all networks: images and labels of a batch are blended by a share of Beta(alpha, alpha); 0: none. With `cutmix` one of both for each batch, as often as the other',
    help: 'mixup for all networks: alpha of Beta(alpha, alpha)',
  }),
  cutmix: alpha.default(0).meta({
    flag: '--cutmix <alpha>',
    group: 'Data',
    description:
      'CutMix for all networks: a box of another image of the batch is pasted in, of a share 1 - Beta(alpha, alpha), and labels are mixed by the area; 0: none',
    help: 'CutMix; with --mixup one of both for each batch',
  }),
};

/** Whether a setting says what training sees of an image. */
export function isAugmentationKey(key: string): boolean {
  return ['augmentation', ...Object.keys(IMAGE_CHANGES), ...Object.keys(IMAGE_MIXING)].includes(key);
}
