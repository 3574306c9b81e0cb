import { z } from 'zod';
import { FROZEN_TEACHER, LABELS, stepSchema, TASK, TEACHING } from '../distill/step-schema.js';
import { TUNING } from '../distill/tuning-schema.js';
import { scheduleSchema } from '../optim/schedule.js';
import { PRESET_NAMES } from './preset-names.js';
import { cropsAndFlips, IMAGE_CHANGES, IMAGE_MIXING } from './schema/augmentation-schema.js';
import { COMPUTING } from './schema/computing-schema.js';
import { HEAD_FIRST } from './schema/feature-schema.js';
import { inputPerturbation, parameterPerturbation } from './schema/perturbation-schema.js';

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const weight = z.number().positive();

/** The longest side of an input, in pixels: what the decoder of images takes at most. */
const LONGEST_SIDE = 16_383;

const channels = z.array(z.number()).min(1).max(3);

const frozenTeacher = z.strictObject({
  model: z.string().meta({
    flag: '--teacher <model>',
    group: 'Contest',
    description: 'ONNX model, or the folder of a run, that is the frozen teacher',
    help: 'frozen teacher (distillation): an ONNX model or a run',
    otherwise: 'none',
  }),
  output: z.string().min(1).optional().meta({
    flag: '--teacher-output <name>',
    rare: true,
    group: 'Contest',
    description: 'output with the class scores, of an ONNX model with several outputs',
    help: 'its output with class scores, if there are several',
    otherwise: 'logits',
  }),
  ...FROZEN_TEACHER,
});

/** The number of images per step that a run keeps. */
export const batchSize = z.int().min(2);

/**
 * Every setting of a training run, with its type, range, default, flag and texts. What a run folder, a checkpoint and an exported model
 * record, in this order. What the step graph is built from, distill has.
 */
export const settingsSchema = z.strictObject({
  preset: z.enum(PRESET_NAMES).nullable().default(null).meta({
    flag: '--preset <name>',
    group: 'Contest',
    description: 'preset whose values the other settings have where nothing else is said',
    help: '',
    otherwise: 'none',
  }),
  data: z.string().default('builtin').meta({
    flag: '--data <set>',
    group: 'Data',
    description:
      '`builtin`, or the path of a data set: class folders, a table, an archive, parquet, CIFAR or IDX files',
    help: '"builtin", or the path of a data set',
  }),
  nets: z
    .array(
      z.union([z.string(), z.looseObject({ family: z.string() })], { error: 'expected a name or a specification' }),
    )
    .min(1)
    .default(['resnet8', 'resnet8'])
    .meta({
      flag: '--nets <list>',
      group: 'Contest',
      description:
        'networks of the group: by name (see `agon nets`), as ONNX models (`model.onnx`) or as specifications',
      help: 'networks, see `agon nets`, or ONNX models',
    }),
  artifacts: z.string().nullable().default(null).meta({
    flag: '--artifacts <folder>',
    group: 'Contest',
    description: 'folder of a training artifact, whose networks are trained in place of `nets` (docs/artifacts.md)',
    help: 'train the networks of a training artifact',
    otherwise: 'none',
  }),
  pretrained: z.array(z.string().min(1), { error: 'expected a list' }).min(1).nullable().default(null).meta({
    flag: '--pretrained <what>',
    group: 'Contest',
    description:
      "weights that the networks begin with, one for all or one for each network: `auto` (the catalogue's for that network), a name of the catalogue (`agon weights list`), `hf:owner/name`, an address, a file (safetensors, PyTorch or ONNX) or the folder of a run",
    help: 'begin with weights: auto, a name, hf:..., URL, file, run',
    otherwise: 'none',
  }),
  restoreNorms: z.boolean().default(true).meta({
    flag: '--no-restore-norms',
    rare: true,
    group: 'Contest',
    description:
      'whether an ONNX model without any normalisation, which was folded into its convolutions, gets BatchNormalization back',
    help: 'leave an ONNX model without normalisation as it is',
  }),
  fitNorms: z.boolean().default(false).meta({
    flag: '--fit-norms',
    rare: true,
    group: 'Contest',
    description:
      "whether the running statistics of trained BatchNormalization begin as those of the training images, with its weights and biases changed so that inference stays the same: training, which normalises by each batch's own statistics, then begins with what the weights do at inference",
    help: 'fit norms to the images before training',
  }),
  epochs: count
    .default(10)
    .meta({ flag: '--epochs <n>', group: 'Steps', description: 'passes over the training images' }),
  batchSize: z
    .union([batchSize, z.literal('auto')], { error: 'expected a whole number from 2, or "auto"' })
    .default(128)
    .meta({
      flag: '--batch-size <n>',
      group: 'Steps',
      description:
        'images per step; `auto`: as many as fit the free memory and the number of images, which is what the run keeps',
      help: 'images per step; auto: as many as fit the memory',
    }),
  seed: z.int().min(0).default(0).meta({
    flag: '--seed <n>',
    group: 'Run',
    description: 'seed of initial weights, data order and everything else that is random',
    help: 'random seed',
  }),
  size: count.max(LONGEST_SIDE).optional().meta({
    flag: '--size <pixels>',
    group: 'Data',
    description: "input height and width in pixels; left out: the size of the data set's images, or 224",
    help: 'input height and width',
    otherwise: "the data's",
  }),
  crop: share.gt(0).optional().meta({
    flag: '--crop <share>',
    rare: true,
    group: 'Data',
    description:
      'at validation, test and in use: the share of the scaled image that is cut out of its middle; left out: that of the weights (`pretrained`), or 0.875. Images that have the input size already are taken whole',
    help: 'share of the image that is used at validation',
    otherwise: "the weights'",
  }),
  normalisation: z
    .union(
      [
        z.literal('auto'),
        z.literal('data'),
        z.literal('imagenet'),
        z.literal('tf'),
        z.strictObject({
          mean: channels.meta({ description: 'mean of each channel, of samples from 0 to 1' }),
          std: z.array(z.number().positive()).min(1).max(3).meta({ description: 'standard deviation of each channel' }),
        }),
      ],
      { error: 'expected "auto", "data", "imagenet", "tf" or an object of mean and std' },
    )
    .default('auto')
    .meta({
      flag: '--normalisation <how>',
      group: 'Data',
      description:
        "how images are normalised: `data` is by mean and standard deviation of the training images, `imagenet` by ImageNet's (PyTorch's weights), `tf` to -1 to 1 (TensorFlow's weights); `auto` is as the weights say that the networks begin with (`pretrained`, `from`, `artifacts`), else `data`",
      help: 'mean and std of images',
    }),
  channels: z
    .int()
    .min(1)
    .max(3)
    .refine((n) => n !== 2, 'expected 1 (grey) or 3 (colour)')
    .optional()
    .meta({
      flag: '--channels <n>',
      rare: true,
      group: 'Data',
      description:
        "channels of the images as networks see them: 1 makes colour photographs grey (Rec. 601 luma), 3 gives grey ones three equal channels; left out: the data's",
      help: 'grey (1) or colour (3)',
      otherwise: "the data's",
    }),
  limit: count.optional().meta({
    flag: '--limit <n>',
    group: 'Data',
    description: 'train on at most so many images, in proportion to the classes',
    help: 'train on at most so many images',
    otherwise: 'all',
  }),
  unlabelled: z.string().min(1).nullable().default(null).meta({
    flag: '--unlabelled <images>',
    rare: true,
    group: 'Data',
    description:
      'folder (of any structure) or archive of images without labels: in every step as many as have labels are learned from the teachers alone, the frozen one or those of the rule',
    help: 'images without labels, learned from the teachers alone',
    otherwise: 'none',
  }),
  validation: z.number().min(0).lt(1).default(0.1).meta({
    flag: '--validation <share>',
    group: 'Data',
    description:
      'share of the training images held out for validation, if the data set has no validation split; 0: none',
    help: 'share held out if there is no validation split; 0: none',
  }),
  ...TASK,
  augmentation: z
    .union([z.literal('auto'), z.literal('none'), cropsAndFlips], { error: 'expected "auto", "none" or an object' })
    .default('auto')
    .meta({
      flag: '--augmentation <how>',
      group: 'Data',
      description:
        'random crops and flips: `auto` is pad-and-crop and flip for small images of one size, random resized crop and flip for others',
      help: 'random crops and flips',
    }),
  sampler: z.enum(['shuffle', 'balanced']).default('shuffle').meta({
    flag: '--sampler <how>',
    group: 'Data',
    description:
      'which images an epoch takes: each once (`shuffle`), or all classes equally often (`balanced`: images of small classes several times)',
    help: 'images, or classes equally often',
  }),
  ...IMAGE_CHANGES,
  ...IMAGE_MIXING,
  ...TEACHING,
  inputPerturbation: inputPerturbation
    .nullable()
    .default(null)
    .meta({ description: 'one random network at a time sees perturbed images' }),
  parameterPerturbation: parameterPerturbation
    .nullable()
    .default(null)
    .meta({ description: 'one random network at a time has its weights perturbed, and keeps them if it wins' }),
  teacher: frozenTeacher
    .nullable()
    .default(null)
    .meta({ description: 'a frozen teacher of all networks, beside the rule (knowledge distillation)' }),
  ...LABELS,
  classWeights: z
    .union([z.literal('none'), z.literal('balanced'), z.array(weight).min(1), z.record(z.string(), weight)], {
      error: 'expected "none", "balanced", a list of weights, or weights by class name',
    })
    .default('none')
    .meta({
      flag: '--class-weights <w>',
      group: 'Contest',
      description:
        'what each class counts in the cross-entropy, also in the ranking: all the same (`none`), inversely to its number of training images (`balanced`), or weights: a list in the order of the classes, or by name (others: 1)',
      help: 'of the cross-entropy: balanced, or cat=2,dog=0.5',
    }),
  optimizer: stepSchema.shape.optimizer,
  schedule: scheduleSchema.default({ name: 'cosine', min: 0 }).meta({
    flag: '--schedule <name>',
    group: 'Steps',
    description: 'learning-rate schedule',
    help: '',
  }),
  warmupEpochs: z.number().min(0).default(0).meta({
    flag: '--warmup-epochs <n>',
    group: 'Steps',
    description: 'linear learning-rate warm-up over the first epochs',
    help: 'linear learning-rate warm-up',
  }),
  ...TUNING,
  patience: z.int().min(0).default(0).meta({
    flag: '--patience <epochs>',
    group: 'Steps',
    description: 'early stopping: the run ends after so many epochs in which no network validated better; 0: never',
    help: 'stop after so many epochs without a better one',
    otherwise: 'never',
  }),
  ...HEAD_FIRST,
  from: z.string().nullable().default(null).meta({
    group: 'Run',
    description:
      'folder of a run from whose last checkpoint the networks begin, without its optimizer state (`agon train --from`)',
  }),
  ...COMPUTING,
});
