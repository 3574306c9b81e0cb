import { z } from 'zod';
import { FEATURE_REDUCTIONS } from '../losses/feature-mse.js';
import { optimizerSchema } from '../optim/optimizer.js';
import type { DeepReadonly } from '../util/deep-readonly.js';
import { TASKS } from '../util/task.js';
import { TEACHER_RULES } from './teachers.js';
import { TUNING } from './tuning-schema.js';

/** Who teaches whom, and what is learned of a teacher. */
export const TEACHING = {
  rule: z.enum(TEACHER_RULES).default('argmin').meta({
    flag: '--rule <rule>',
    group: 'Contest',
    description:
      'who teaches a network: the one with the lowest cross-entropy on the batch (`argmin`), all with a lower one (`all-better`), the `topK` lowest (`top-k`), all others (`all`), nobody (`none`)',
    help: 'who teaches',
  }),
  topK: z.int().min(1).default(1).meta({
    flag: '--top-k <k>',
    rare: true,
    group: 'Contest',
    description: 'number of teachers under the rule `top-k`',
    help: 'number of teachers under the rule top-k',
  }),
  alpha: z.number().min(0).default(1).meta({
    flag: '--alpha <weight>',
    group: 'Contest',
    description: 'weight of the KL divergence from the teachers, beside the factor temperature squared',
    help: 'weight of the KL divergence from the teachers',
  }),
  beta: z.number().min(0).default(0).meta({
    flag: '--beta <weight>',
    group: 'Contest',
    description: "weight of the mean squared error to the teachers' last feature maps",
    help: "weight of the MSE to the teachers' features",
  }),
  featureReduction: z.enum(FEATURE_REDUCTIONS).default('mean').meta({
    flag: '--feature-reduction <how>',
    rare: true,
    group: 'Contest',
    description:
      'reduction of the squared differences of features: mean, or sum over channels and positions and mean over images',
    help: 'reduction of the feature error',
  }),
  featureProjection: z.boolean().default(false).meta({
    flag: '--feature-projection',
    rare: true,
    group: 'Contest',
    description:
      'whether features of unlike shapes are compared through a learned 1x1 convolution; without it they are an error',
    help: 'learned 1x1 convolution between features of unlike shapes',
  }),
  temperature: z.number().positive().default(1).meta({
    flag: '--temperature <t>',
    group: 'Contest',
    description: 'temperature of the softmax in the KL divergence from the teachers',
    help: 'temperature of the softmax in the KL divergence',
  }),
};

/** What is learned from the labels. */
export const LABELS = {
  labelSmoothing: z.number().min(0).lt(1).default(0).meta({
    flag: '--label-smoothing <x>',
    group: 'Contest',
    description: 'label smoothing: the share of the target that is spread evenly over all classes',
    help: 'label smoothing: share of the target spread over all classes',
  }),
};

/** What an image may have. */
export const TASK = {
  task: z.enum(TASKS).default('single-label').meta({
    flag: '--task <task>',
    group: 'Data',
    description:
      'whether an image has one of the classes (`single-label`: softmax and cross-entropy) or any number of them (`multi-label`: sigmoid and binary cross-entropy; in class folders the same picture linked or copied into several)',
    help: 'classes an image has',
  }),
};

/** What is learned of a frozen teacher, beside the rule's (knowledge distillation, Hinton 2015). */
export const FROZEN_TEACHER = {
  weight: z.number().min(0).default(1).meta({
    flag: '--teacher-weight <w>',
    rare: true,
    group: 'Contest',
    description: 'weight of the KL divergence from the frozen teacher, beside the factor temperature squared',
    help: 'weight of the KL divergence from the frozen teacher',
  }),
  temperature: z.number().positive().default(4).meta({
    flag: '--teacher-temperature <t>',
    rare: true,
    group: 'Contest',
    description: 'temperature of the softmax in the KL divergence from the frozen teacher',
    help: 'temperature of the softmax in that KL divergence',
  }),
};

/**
 * The settings that one competition step is built from (see the paper's section 3 and Deep Mutual Learning for `all`): the one place of
 * their types, ranges, defaults, flags and texts. The settings of a run, manifests, presets and flags take theirs from here.
 */
export const stepSchema = z.object({
  ...TEACHING,
  ...LABELS,
  ...TASK,
  teacher: z.object(FROZEN_TEACHER).nullable().default(null),
  optimizer: optimizerSchema,
  ...TUNING,
});

/** What one competition step does. */
export type StepSettings = DeepReadonly<z.infer<typeof stepSchema>>;
export const STEP_KEYS = Object.keys(stepSchema.shape) as readonly (keyof StepSettings)[];
/** A step for which nothing is chosen. */
export const STEP_DEFAULTS: StepSettings = stepSchema.parse({});

const TEACHER_KEYS = Object.keys(FROZEN_TEACHER) as readonly (keyof typeof FROZEN_TEACHER)[];

/** The step's settings alone, in the schema's order, of settings that may hold others beside them. */
export function stepSettingsOf(settings: StepSettings): StepSettings {
  return { ...pick(settings, STEP_KEYS), teacher: settings.teacher && pick(settings.teacher, TEACHER_KEYS) };
}

function pick<Of extends object, Key extends keyof Of>(of: Of, keys: readonly Key[]): Pick<Of, Key> {
  return Object.fromEntries(keys.map((key) => [key, of[key]])) as Pick<Of, Key>;
}
