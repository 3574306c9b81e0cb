import { z } from 'zod';

/** In what numbers a step computes. */
export const PRECISIONS = ['float32', 'float16'] as const;
/** One of {@link PRECISIONS}. */
export type Precision = (typeof PRECISIONS)[number];

/** What of the networks is trained, and how an update comes from gradients: of fine-tuning for the most part. */
export const TUNING = {
  freeze: z.string().min(1).default('none').meta({
    flag: '--freeze <stage>',
    group: 'Tuning',
    description:
      'layers that stay as they are: `backbone` (all but the head), or a stage and all before it (`agon nets <name>` lists the stages), or `none`',
    help: 'freeze the backbone, or up to a stage (agon nets <name>)',
  }),
  layerDecay: z.number().gt(0).max(1).default(1).meta({
    flag: '--layer-decay <x>',
    rare: true,
    group: 'Tuning',
    description:
      'factor of the learning rate from each block to the one below it: a block has the learning rate times this to the power of how many blocks it is below the head',
    help: "factor of a block's learning rate to that of the next above",
  }),
  headLrFactor: z.number().positive().default(1).meta({
    flag: '--head-lr-factor <x>',
    group: 'Tuning',
    description: "factor of the head's learning rate to that of the others",
    help: "factor of the head's learning rate",
  }),
  normWeightDecay: z.boolean().default(true).meta({
    flag: '--no-norm-weight-decay',
    rare: true,
    group: 'Tuning',
    description: 'whether weight decay is for normalisations and biases, too (parameters of one dimension)',
    help: 'no weight decay on normalisations and biases',
  }),
  clipNorm: z.number().positive().nullable().default(null).meta({
    flag: '--clip-norm <x>',
    group: 'Tuning',
    description: "largest norm of each network's gradients, taken together: larger ones are scaled down to it",
    help: "clip each network's gradients to this norm",
    otherwise: 'none',
  }),
  accumulate: z.int().min(1).default(1).meta({
    flag: '--accumulate <k>',
    rare: true,
    group: 'Tuning',
    description:
      'steps whose gradients are averaged for one update: as a batch of so many times the images, but for normalisations, and teachers are chosen in every step',
    help: 'average the gradients of k steps for one update',
  }),
  ema: z.number().gt(0).lt(1).nullable().default(null).meta({
    flag: '--ema <decay>',
    group: 'Tuning',
    description:
      "decay of an exponential moving average of each network's weights and running statistics; after each epoch it counts in their place where it validates better",
    help: "moving average of weights, which counts where it's better",
    otherwise: 'none',
  }),
  precision: z.enum(PRECISIONS).default('float32').meta({
    flag: '--precision <type>',
    rare: true,
    group: 'Run',
    description:
      'mixed precision: `float16` computes convolutions, matrix products and activations in float16, with float32 weights, statistics, losses and updates, and with loss scaling (docs/float16.md); the device must have float16',
    help: 'mixed precision',
  }),
};
