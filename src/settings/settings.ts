import { z } from 'zod';
import { PERTURBATION_POOLS } from '../data/perturb/pools.js';
import { TEACHER_RULES } from '../distill/teachers.js';
import { FEATURE_REDUCTIONS } from '../losses/feature-mse.js';
import { planNetwork } from '../nets/registry.js';
import { ADAMW_VARIANTS } from '../optim/optimizer.js';
import { deviceNames, findDevice } from '../runtime/device.js';
import { AgonError, fail, messageOf } from '../util/error.js';
import { suggestion } from '../util/suggest.js';
import { checkOrtTrainingSettings } from './check-engine.js';
import { FEATURES, sectionWithoutFeature } from './modifiers.js';
import { PRESET_NAMES } from './preset-names.js';
import { withPreset } from './presets.js';
import { migrateSettings } from './setting-changes.js';

const count = z.int().min(1);
const share = z.number().min(0).max(1);

/** The longest side of an input, in pixels: what the decoder of images takes at most. */
const LONGEST_SIDE = 16_383;
/** More is a slip of the hand: no machine has as many, and each would be started. */
const MOST_THREADS = 1024;
/** Numbers in one array of a batch's images: what an array of Node.js holds. */
const MOST_NUMBERS = 2 ** 32 / Float32Array.BYTES_PER_ELEMENT;

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
  variant: z.enum(ADAMW_VARIANTS).optional(),
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
  /** Degrees. */
  rotation: z.number().min(0).max(180).default(0),
});

/** When a perturbation fires: in every k-th step (steps k-1, 2k-1, ... counted over the run), or in each with a probability. */
const firing = z.union([z.strictObject({ every: count }), z.strictObject({ probability: z.number().gt(0).max(1) })], {
  error: 'expected {"every": k} or {"probability": p}',
});

const inputPerturbation = z.strictObject({ pool: z.enum(PERTURBATION_POOLS), when: firing.default({ every: 1 }) });

const parameterPerturbation = z.strictObject({
  when: firing.default({ every: 50 }),
  /** Steps over which a mutant is ranked before it stays or is rolled back. */
  window: count.default(10),
  /** Standard deviation of the mutation, relative to each tensor's root mean square. */
  sigma: z.number().positive().default(0.02),
  /** Probability of crossover instead of mutation, where another network has the same architecture. */
  crossover: share.default(0.5),
});

const frozenTeacher = z.strictObject({
  /** An ONNX model, or the folder of a run. */
  model: z.string(),
  /** Of an ONNX model with several outputs, the one that holds the class scores. */
  output: z.string().min(1).optional(),
  /** Weight of the KL divergence from it (times temperature^2). */
  weight: z.number().min(0).default(1),
  temperature: z.number().positive().default(4),
});

/** Every setting of a training run, with its default. What a run folder, a checkpoint and an exported model record. */
export const settingsSchema = z.strictObject({
  /** The preset that the other settings started from. */
  preset: z.enum(PRESET_NAMES).nullable().default(null),
  /** `builtin`, or the path of a data set. */
  data: z.string().default('builtin'),
  /** Networks by name, or as a specification (see `agon nets`). */
  nets: z
    .array(
      z.union([z.string(), z.looseObject({ family: z.string() })], { error: 'expected a name or a specification' }),
    )
    .min(1)
    .default(['resnet8', 'resnet8']),
  /** The folder of a training artifact, whose networks are trained in place of `nets` (docs/artifacts.md). */
  artifacts: z.string().nullable().default(null),
  epochs: count.default(10),
  batchSize: z.int().min(2).default(128),
  seed: z.int().min(0).default(0),
  /** Input height and width in pixels; the data set's own size, or 224, when left out. */
  size: count.max(LONGEST_SIDE).optional(),
  /** At most this many training images, in proportion to the classes. */
  limit: count.optional(),
  /** Share of the training images held out for validation, if the data set has no validation split; 0: nothing is. */
  validation: z.number().min(0).lt(1).default(0.1),
  /** `auto` is pad-and-crop and flip for small images of one size, random resized crop and flip for others. */
  augmentation: z
    .union([z.literal('auto'), z.literal('none'), augmentation], { error: 'expected "auto", "none" or an object' })
    .default('auto'),
  rule: z.enum(TEACHER_RULES).default('argmin'),
  topK: count.default(1),
  alpha: z.number().min(0).default(1),
  beta: z.number().min(0).default(0),
  /** Of the squared differences of features: mean, or sum over positions and channels (and mean over images). */
  featureReduction: z.enum(FEATURE_REDUCTIONS).default('mean'),
  /** Whether features of unlike shapes are compared through a learned projection. */
  featureProjection: z.boolean().default(false),
  temperature: z.number().positive().default(1),
  /** One random network at a time sees a perturbed batch. */
  inputPerturbation: inputPerturbation.nullable().default(null),
  /** One random network at a time has its parameters perturbed, and keeps what wins. */
  parameterPerturbation: parameterPerturbation.nullable().default(null),
  /** A frozen teacher of all networks (knowledge distillation, Hinton 2015), beside the group's own rule. */
  teacher: frozenTeacher.nullable().default(null),
  labelSmoothing: z.number().min(0).lt(1).default(0),
  optimizer: z.discriminatedUnion('name', [sgd, adamw]).default(sgd.parse({ name: 'sgd' })),
  schedule: schedule.default({ name: 'cosine', min: 0 }),
  warmupEpochs: z.number().min(0).default(0),
  /** The folder of a run from whose last checkpoint the networks begin, without its optimizer state. */
  from: z.string().nullable().default(null),
  /** Who computes gradients and updates: Agon's own step graph, or sessions of ONNX Runtime's on-device training. */
  engine: z.enum(['agon', 'ort-training']).default('agon'),
  /** `cpu`, `cuda`, `cuda:<n>` or `webgpu`. */
  device: z
    .string()
    .refine((text) => findDevice(text) !== undefined, `expected ${deviceNames()}`)
    .default('cpu'),
  /** Threads of one operator; one a physical core when left out. */
  threads: count.max(MOST_THREADS).optional(),
  /** Whether the forms of the graph's computations are timed once on this machine, to use the fastest. */
  tune: z.boolean().default(true),
  /** Threads that decode and augment images. */
  workers: count.max(MOST_THREADS).default(1),
});

/** The settings that a file of Agon's records, under the names that they had then. */
export const recordedSettings = z.preprocess((input) => migrateSettings(input), settingsSchema);

/** Settings of how a run is computed, which change none of what it computes but the rounding. */
export const COMPUTING_KEYS = ['threads', 'workers', 'tune'] as const;

/** Where settings are that no file holds. */
const SETTINGS = 'settings';

/** The settings of a run, complete. */
export interface Settings extends z.infer<typeof settingsSchema> {}
/** The settings of a run as a user gives them: what is left out has its default. */
export interface SettingsInput extends z.input<typeof settingsSchema> {}

/**
 * Checks settings and fills in what is left out: the preset's values, if one is named, else the defaults. Errors name the
 * setting, and suggest one for a misspelt key or network.
 */
export function parseSettings(input: unknown, where = SETTINGS): Settings {
  const whole = withPreset(migrateSettings(input));
  const parsed = settingsSchema.safeParse(whole);
  if (parsed.success) {
    checkFeatures(whole as Record<string, unknown>, where);
    checkNetworks(parsed.data, where);
    checkBatchMemory(parsed.data, where);
    return parsed.data;
  }
  const { issues } = parsed.error;
  // A misspelt key is missing under its right name as well
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys');
  throw describeIssue(where, unknown ?? (issues[0] as z.core.$ZodIssue), whole);
}

function describeIssue(where: string, issue: z.core.$ZodIssue, input: unknown): AgonError {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = knownKeys(issue.path, input);
    const hint = known.length > 0 ? suggestion(key, known) : 'Remove it';
    return new AgonError(where, `unknown setting "${[...issue.path, key].join('.')}"`, { hint });
  }
  const [section, key] = issue.path;
  const feature = Object.entries(FEATURES).find(([name, each]) => name === section && each.key === key)?.[1];
  if (feature && valueAt(input, issue.path) === undefined) {
    return new AgonError(where, `${issue.path.join('.')}: ${feature.missing}`, { hint: feature.hint });
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
    {
      optimizer: [sgd, adamw],
      schedule: schedule.options,
      augmentation: [augmentation],
      inputPerturbation: [inputPerturbation],
      parameterPerturbation: [parameterPerturbation],
      teacher: [frozenTeacher],
    }[path.join('.')] ?? [];
  const chosen = valueAt(input, [...path, 'name']);
  const fits = ({ shape: { name } }: z.ZodObject) => !(name instanceof z.ZodLiteral) || name.value === chosen;
  return options.filter(fits).flatMap(({ shape }) => Object.keys(shape));
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input);
}

function checkFeatures(input: Readonly<Record<string, unknown>>, where: string): void {
  const section = sectionWithoutFeature(input);
  if (!section) return;
  const { key, missing, hint } = FEATURES[section];
  fail(where, `${section}.${key}: ${missing}`, { hint });
}

/** Fails for a network that there isn't. Those of an artifact have names of their own. */
function checkNetworks({ nets, artifacts }: Settings, where: string): void {
  if (artifacts !== null) return;
  for (const [i, net] of nets.entries()) {
    const at = where === SETTINGS ? 'networks' : `${where}: nets.${i}`;
    if (typeof net === 'string') planNetwork(net, at);
    else checkSpec(net, at);
  }
}

function checkSpec(spec: object, at: string): void {
  try {
    planNetwork(spec);
  } catch (error) {
    fail(at, messageOf(error), { cause: error });
  }
}

/** Fails for a batch whose images no array can hold, even of one channel. */
function checkBatchMemory({ size, batchSize }: Settings, where: string): void {
  const numbers = batchSize * (size ?? 1) ** 2;
  if (numbers <= MOST_NUMBERS) return;
  fail(where, size === undefined ? 'batchSize' : `size ${size} with batchSize ${batchSize}`, {
    expected: `at most ${MOST_NUMBERS} pixels in a batch`,
    got: String(numbers),
    hint: 'Choose smaller images (--size), or fewer at a time (--batch-size)',
  });
}

/** Fails for settings that are each right but don't go together. */
export function checkSettings(settings: Settings): void {
  const { nets, rule, topK, parameterPerturbation, engine } = settings;
  if (rule === 'top-k' && topK >= nets.length) {
    fail('settings', 'topK', { expected: `less than the number of networks (${nets.length})`, got: String(topK) });
  }
  if (parameterPerturbation && nets.length < 2) {
    fail('settings', 'parameterPerturbation', {
      expected: 'two networks or more, as a mutant is ranked among others',
      got: String(nets.length),
      hint: 'Add a network (--nets), or leave it out',
    });
  }
  if (engine === 'ort-training') checkOrtTrainingSettings(settings);
}
