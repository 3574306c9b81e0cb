import { z } from 'zod';
import { TEACHER_RULES } from '../distill/teachers.js';
import { AgonError, fail } from '../util/error.js';
import { suggestion } from '../util/suggest.js';

const count = z.int().min(1);
const share = z.number().min(0).max(1);

const sgd = z.strictObject({
  name: z.literal('sgd'),
  lr: z.number().positive().default(0.1),
  momentum: z.number().min(0).lt(1).default(0.9),
  weightDecay: z.number().min(0).default(5e-4),
  nesterov: z.boolean().default(true),
});

const adamw = z.strictObject({
  name: z.literal('adamw'),
  lr: z.number().positive().default(1e-3),
  betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.9, 0.999]),
  eps: z.number().positive().default(1e-8),
  weightDecay: z.number().min(0).default(1e-2),
});

const schedule = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant') }),
  z.strictObject({
    name: z.literal('multi-step'),
    milestones: z.array(z.number().min(0)).default([60, 120, 180]),
    gamma: z.number().positive().default(0.1),
  }),
  z.strictObject({ name: z.literal('cosine'), min: z.number().min(0).default(0) }),
  z.strictObject({ name: z.literal('linear'), end: z.number().min(0).default(0) }),
  z.strictObject({
    name: z.literal('one-cycle'),
    pctStart: z.number().gt(0).lt(1).default(0.3),
    divFactor: z.number().min(1).default(25),
    finalDivFactor: z.number().min(1).default(1e4),
  }),
]);

const augmentation = z.strictObject({
  randomResizedCrop: z
    .strictObject({ scale: z.tuple([share, share]), ratio: z.tuple([z.number().positive(), z.number().positive()]) })
    .nullable()
    .default(null),
  padCrop: z.int().min(0).default(0),
  flip: z.boolean().default(false),
});

/** Every setting of a training run, with its default. What a run folder, a checkpoint and an exported model record. */
export const settingsSchema = z.strictObject({
  /** `builtin`, or the path of a data set. */
  data: z.string().default('builtin'),
  /** Networks by name, or as a specification (see `agon nets`). */
  nets: z
    .array(
      z.union([z.string(), z.looseObject({ family: z.string() })], { error: 'expected a name or a specification' }),
    )
    .min(1)
    .default(['resnet8', 'resnet8']),
  epochs: count.default(10),
  batchSize: z.int().min(2).default(128),
  seed: z.int().min(0).default(0),
  /** Input height and width in pixels; the data set's own size, or 224, when left out. */
  size: count.optional(),
  /** At most this many training images, in proportion to the classes. */
  limit: count.optional(),
  /** Share of the training images held out for validation, if the data set has no validation split. */
  validation: z.number().gt(0).lt(1).default(0.1),
  /** `auto` is pad-and-crop and flip for small images of one size, random resized crop and flip for others. */
  augmentation: z
    .union([z.literal('auto'), z.literal('none'), augmentation], { error: 'expected "auto", "none" or an object' })
    .default('auto'),
  rule: z.enum(TEACHER_RULES).default('argmin'),
  topK: count.default(1),
  alpha: z.number().min(0).default(1),
  beta: z.number().min(0).default(0),
  temperature: z.number().positive().default(1),
  labelSmoothing: z.number().min(0).lt(1).default(0),
  optimizer: z.discriminatedUnion('name', [sgd, adamw]).default(sgd.parse({ name: 'sgd' })),
  schedule: schedule.default({ name: 'cosine', min: 0 }),
  warmupEpochs: z.number().min(0).default(0),
  /** `cpu`, `cuda`, `cuda:<n>` or `webgpu`. */
  device: z.string().default('cpu'),
  /** Threads of one operator; one a physical core when left out. */
  threads: count.optional(),
  /** Whether the forms of the graph's computations are timed once on this machine, to use the fastest. */
  tune: z.boolean().default(true),
  /** Threads that decode and augment images. */
  workers: count.default(1),
});

/** The settings of a run, complete. */
export type Settings = z.infer<typeof settingsSchema>;
/** The settings of a run as a user gives them: what is left out has its default. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** Checks settings and fills in the defaults. Errors name the setting, and suggest one for a misspelt key. */
export function parseSettings(input: unknown, where = 'settings'): Settings {
  const parsed = settingsSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw describeIssue(where, parsed.error.issues[0] as z.core.$ZodIssue, input);
}

function describeIssue(where: string, issue: z.core.$ZodIssue, input: unknown): AgonError {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = knownKeys(issue.path, input);
    const hint = known.length > 0 ? suggestion(key, known) : 'Remove it';
    return new AgonError(where, `unknown setting "${[...issue.path, key].join('.')}"`, { hint });
  }
  const expected = issue.message.replace(/^.*?expected /i, '').replace(/, received .*$/, '');
  const got = valueAt(input, issue.path);
  return new AgonError(where, issue.path.join('.') || 'settings', {
    expected,
    got: typeof got === 'number' ? String(got) : JSON.stringify(got),
  });
}

/** The settings that there are beside an unknown one; of an optimizer or schedule those of the chosen one. */
function knownKeys(path: readonly PropertyKey[], input: unknown): string[] {
  if (path.length === 0) return Object.keys(settingsSchema.shape);
  const options: readonly z.ZodObject[] =
    { optimizer: [sgd, adamw], schedule: schedule.options, augmentation: [augmentation] }[path.join('.')] ?? [];
  const chosen = valueAt(input, [...path, 'name']);
  const fits = ({ shape: { name } }: z.ZodObject) => !(name instanceof z.ZodLiteral) || name.value === chosen;
  return options.filter(fits).flatMap(({ shape }) => Object.keys(shape));
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input);
}

/** Fails for settings that are each right but don't go together. */
export function checkSettings({ nets, rule, topK }: Settings): void {
  if (rule === 'top-k' && topK >= nets.length) {
    fail('settings', 'topK', { expected: `less than the number of networks (${nets.length})`, got: String(topK) });
  }
}
