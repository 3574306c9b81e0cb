import { flipHorizontally, flipVertically } from '../operations/flips.js';
import { addNoise } from '../operations/noise.js';
import { colourJitterWithBlur } from './colour-jitter-blur.js';
import { batchwise, imagewise, type Operation } from './images.js';
import { cutmix, mixup } from './mix.js';
import { resizedCrop } from './random-resized-crop.js';
import { rotation, warp } from './warp.js';

/** The pools of operations that a perturbed batch is drawn from: the paper's text, and its released code. */
export const PERTURBATION_POOLS = ['paper', 'release'] as const;
export type PerturbationPool = (typeof PERTURBATION_POOLS)[number];

/** The paper names additive noise and warping without their strength: assumed, stronger than ordinary augmentation. */
export const PAPER = {
  noise: 0.1,
  affine: { rotation: 20, translation: 0.15, scale: 0.25, shear: 15 },
  crop: { scale: [0.3, 0.7], ratio: [3 / 4, 4 / 3] },
} as const;

export const RELEASE = {
  noise: 1,
  jitter: { brightness: 0.25, contrast: 0.15, saturation: 0.15, hue: 0.15 },
  blur: { height: 9, width: 7 },
  /** Degrees. */
  rotation: 30,
} as const;

const gaussianNoise = (sigma: number) => imagewise((image, random) => addNoise(image, sigma, random));

/**
 * The operations of each pool, of which one is drawn uniformly. The released code (`train_competitive_distillation.py`)
 * draws jitter, blur and angle once for a batch; it adds its noise to normalised images and cuts them off at 0 and 1, a
 * fault that isn't repeated: here all is done in pixel space.
 */
export const POOLS: Readonly<Record<PerturbationPool, Readonly<Record<string, Operation>>>> = {
  paper: {
    mixup,
    cutmix,
    noise: gaussianNoise(PAPER.noise),
    warp: imagewise(warp(PAPER.affine)),
    'random-resized-crop': resizedCrop(PAPER.crop),
  },
  release: {
    mixup,
    noise: gaussianNoise(RELEASE.noise),
    'colour-jitter-blur': batchwise(colourJitterWithBlur(RELEASE.jitter, RELEASE.blur)),
    'horizontal-flip': imagewise(flipHorizontally),
    'vertical-flip': imagewise(flipVertically),
    rotation: batchwise(rotation(RELEASE.rotation)),
  },
};
