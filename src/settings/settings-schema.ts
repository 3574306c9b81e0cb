import { z } from 'zod';
import { PERTURBATION_POOLS } from '../data/perturb/pools.js';
import { FROZEN_TEACHER, LABELS, stepSchema, TASK, TEACHING } from '../distill/step-schema.js';
import { TUNING } from '../distill/tuning-schema.js';
import { scheduleSchema } from '../optim/schedule.js';
import { AUTO, deviceNames, namedDevice } from '../runtime/device-names.js';
import type { SettingMeta } from '../util/setting-meta.js';
import { IMAGE_CHANGES, IMAGE_MIXING } from './augmentation-schema.js';
import { HEAD_FIRST } from './feature-schema.js';
import { PRESET_NAMES } from './preset-names.js';

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const weight = z.number().positive();

/** The longest side of an input, in pixels: what the decoder of images takes at most. */
const LONGEST_SIDE = 16_383;
/** More is a slip of the hand: no machine has as many, and each would be started. */
const MOST_THREADS = 1024;

/** Their batches are in memory together. */
const MOST_IN_A_BURST = 1000;

const channels = z.array(z.number()).min(1).max(3);

const augmentation = z.strictObject({
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

/** When a perturbation fires: in every k-th step (steps k-1, 2k-1, ... counted over the run), or in each with a probability. */
function firing(every: SettingMeta, probability: SettingMeta) {
  return z.union(
    [
      z.strictObject({ every: count.meta({ description: 'in every so many-th step of the run', ...every }) }),
      z.strictObject({
        probability: z
          .number()
          .gt(0)
          .max(1)
          .meta({ description: 'in each step with this probability, in place of `every`', ...probability }),
      }),
    ],
    { error: 'expected {"every": k} or {"probability": p}' },
  );
}

const inputPerturbation = z.strictObject({
  pool: z.enum(PERTURBATION_POOLS).meta({
    flag: '--perturb-input <pool>',
    group: 'Contest',
    turnsOff: true,
    description: "pool that each perturbation is drawn from: the paper's or the released code's",
    help: "perturb one random network's images",
    otherwise: 'none',
  }),
  when: firing(
    { flag: '--perturb-every <k>', rare: true, group: 'Contest', help: 'in every k-th step', otherwise: '1' },
    {
      flag: '--perturb-probability <p>',
      rare: true,
      group: 'Contest',
      help: 'or in each step with this probability',
      otherwise: '',
    },
  )
    .default({ every: 1 })
    .meta({ description: 'steps in which images are perturbed' }),
});

const parameterPerturbation = z.strictObject({
  when: firing(
    {
      flag: '--mutate-every <k>',
      group: 'Contest',
      help: "perturb one random network's weights in every k-th step",
      otherwise: 'never',
    },
    {
      flag: '--mutate-probability <p>',
      rare: true,
      group: 'Contest',
      help: 'or in each step with this probability',
      otherwise: '',
    },
  )
    .default({ every: 50 })
    .meta({ description: 'steps before which weights are perturbed' }),
  window: count.default(10).meta({
    flag: '--mutation-window <steps>',
    rare: true,
    group: 'Contest',
    description:
      'steps after which the network keeps its new weights if it had the lowest loss over them, else gets its old ones back',
    help: 'steps on trial: kept with the lowest loss, else rolled back',
  }),
  sigma: z.number().positive().default(0.02).meta({
    flag: '--mutation-sigma <x>',
    rare: true,
    group: 'Contest',
    description: "standard deviation of the noise, relative to each tensor's root mean square",
    help: "standard deviation of the noise, over each tensor's RMS",
  }),
  crossover: share.default(0.5).meta({
    flag: '--crossover <share>',
    rare: true,
    group: 'Contest',
    description:
      'probability of crossover with another network of the same architecture, where there is one, instead of noise',
    help: 'probability of crossover instead of noise',
  }),
});

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
    .union([z.literal('auto'), z.literal('none'), augmentation], { error: 'expected "auto", "none" or an object' })
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
  engine: z.enum(['agon', 'ort-training']).default('agon').meta({
    flag: '--engine <name>',
    rare: true,
    group: 'Run',
    description:
      "what computes gradients and updates: Agon's step graph, or sessions of ONNX Runtime's on-device training",
    help: 'what computes the steps',
  }),
  device: z
    .string()
    .refine((text) => text === AUTO || namedDevice(text) !== undefined, `expected ${AUTO}, ${deviceNames()}`)
    .default('cpu')
    .meta({
      flag: '--device <device>',
      group: 'Run',
      description:
        "where to compute: `cpu`, `cuda`, `cuda:<n>` or `webgpu`; `auto`: a GPU where it is there and the group's own steps are faster on it than on the CPU, which is what the run keeps",
      help: `where to compute: ${AUTO}, ${deviceNames()}`,
    }),
  place: z
    .record(
      z.string().min(1),
      z.string().refine((text) => namedDevice(text) !== undefined, `expected ${deviceNames()}`),
      { error: 'expected an object of devices by network' },
    )
    .nullable()
    .default(null)
    .meta({
      flag: '--place <list>',
      rare: true,
      group: 'Run',
      turnsOff: true,
      description:
        'device of each network by its name, or by its number where two have one name (`{"resnet20": "webgpu"}`, `{"0": "cpu", "1": "webgpu"}`): in a step these networks exchange what they show each other. Networks that are left out are on `device`',
      help: 'devices by network: resnet20=webgpu,resnet8=cpu',
      otherwise: 'all on --device',
    }),
  allowFallback: z.boolean().default(false).meta({
    flag: '--allow-fallback',
    rare: true,
    group: 'Run',
    description:
      'whether the CPU may compute those parts of a graph that a GPU has no kernel for, with copies between the two in every run; without it such a graph is an error',
    help: 'let the CPU compute what a GPU has no kernel for',
  }),
  threads: count.max(MOST_THREADS).optional().meta({
    flag: '--threads <n>',
    group: 'Run',
    description: 'threads of one operator; left out: one a physical core',
    help: 'threads of one operator',
    otherwise: 'one a core',
  }),
  tune: z.boolean().default(true).meta({
    flag: '--no-tune',
    group: 'Run',
    description:
      "whether the forms that the graph's computations can take are timed once on this machine, to use the fastest",
    help: 'no auto-tuning: use the default form of every computation',
  }),
  logEvery: count.max(MOST_IN_A_BURST).optional().meta({
    flag: '--log-every <k>',
    rare: true,
    group: 'Run',
    description:
      'steps whose numbers are told together: they are copied from a graphics card once in so many steps. Log, lineage and curves have those of every step all the same. Left out: 10 with `webgpu`, else 1',
    help: 'tell of steps every k of them',
    otherwise: '10 with webgpu, else 1',
  }),
  stepsPerRun: count.max(MOST_IN_A_BURST).default(1).meta({
    flag: '--steps-per-run <k>',
    rare: true,
    group: 'Run',
    description:
      "steps in one run of ONNX Runtime's session (`Loop`): with `cuda` the networks' state stays on the card between them. Stops, checkpoints and everything that is told are by steps all the same",
    help: 'steps in one run of the session, for cuda',
  }),
  prepareOn: z.enum(['host', 'device']).optional().meta({
    flag: '--prepare-on <where>',
    rare: true,
    group: 'Run',
    description:
      'where training images are normalised, and moved where random crops out of padding and flips are the last that is done to them: on the `host`, or on the `device`, to which they then travel as bytes, a fourth as many. The numbers differ by their rounding. Left out: on the `device` with `webgpu`, else on the `host`',
    help: 'where images are normalised',
    otherwise: 'device with webgpu',
  }),
  workers: count.max(MOST_THREADS).default(1).meta({
    flag: '--workers <n>',
    group: 'Run',
    description: 'threads that decode and augment images',
  }),
});
