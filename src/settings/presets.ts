import { LABELS, TEACHING } from '../distill/step-schema.js';
import { sameValue } from '../util/formats/same-value.js';
import { PRESET_NAMES, type PresetName } from './preset-names.js';
import { settingsSchema } from './settings-schema.js';

/** Where a preset's value comes from: `assumed` where neither the paper nor its code gives it. */
export type Source = 'paper' | 'released code' | 'DML' | 'Hinton 2015' | 'assumed';

interface Stated {
  readonly value: unknown;
  readonly source: Source;
}

type TeachingKey = Exclude<keyof typeof TEACHING, 'topK'>;
type MethodKey = TeachingKey | 'inputPerturbation' | 'parameterPerturbation' | 'teacher' | keyof typeof LABELS;

/** Settings that make the method: who teaches whom, and how. How many the rule `top-k` lets teach, no preset says. */
export const METHOD_KEYS: readonly MethodKey[] = [
  ...(Object.keys(TEACHING) as (keyof typeof TEACHING)[]).filter((key) => key !== 'topK'),
  'inputPerturbation',
  'parameterPerturbation',
  'teacher',
  ...(Object.keys(LABELS) as (keyof typeof LABELS)[]),
];
/** Settings of the training around it. */
export const PROTOCOL_KEYS = ['optimizer', 'schedule', 'warmupEpochs', 'batchSize', 'epochs', 'augmentation'] as const;
type ProtocolKey = (typeof PROTOCOL_KEYS)[number];
type PresetKey = MethodKey | ProtocolKey;
type Preset = Readonly<Record<PresetKey, Stated>>;

const paper = (value: unknown): Stated => ({ value, source: 'paper' });
const released = (value: unknown): Stated => ({ value, source: 'released code' });
const dml = (value: unknown): Stated => ({ value, source: 'DML' });
const hinton = (value: unknown): Stated => ({ value, source: 'Hinton 2015' });
const assumed = (value: unknown): Stated => ({ value, source: 'assumed' });

const SGD = { name: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 5e-4, nesterov: true };
const STEPS = { name: 'multi-step', milestones: [60, 120, 180], gamma: 0.1 };
const PAD_CROP_FLIP = { randomResizedCrop: null, padCrop: 4, flip: true, rotation: 0 };
/** What the released code does to CIFAR-10; it scales CIFAR-100 to 224 pixels, where it doesn't crop. */
const PAD_CROP_FLIP_ROTATION = { ...PAD_CROP_FLIP, rotation: 15 };

/** A preset of what is stated. What makes a method and isn't is assumed to be as it is by default. */
function preset(stated: Partial<Preset> & Pick<Preset, ProtocolKey>): Preset {
  const left = METHOD_KEYS.map((key) => [key, assumed(settingsSchema.shape[key].parse(undefined))] as const);
  return { ...(Object.fromEntries(left) as Record<MethodKey, Stated>), ...stated };
}

/** Deep Mutual Learning (Zhang et al. 2018), whose protocol fills what others leave open. */
const DML = preset({
  rule: dml('all'),
  alpha: dml(1),
  beta: dml(0),
  temperature: dml(1),
  inputPerturbation: dml(null),
  parameterPerturbation: dml(null),
  teacher: dml(null),
  labelSmoothing: dml(0),
  optimizer: dml(SGD),
  schedule: dml(STEPS),
  warmupEpochs: dml(0),
  batchSize: dml(64),
  epochs: dml(200),
  augmentation: dml(PAD_CROP_FLIP),
});

/** Presets by name; the paper is Shi et al., "Competitive Distillation", ICCV 2025, the code that of its authors. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  'cd-paper': preset({
    rule: paper('argmin'),
    alpha: paper(1),
    beta: paper(1),
    temperature: paper(1),
    inputPerturbation: paper({ pool: 'paper', when: { every: 1 } }),
    parameterPerturbation: paper(null),
    teacher: paper(null),
    optimizer: assumed(SGD),
    schedule: assumed(STEPS),
    warmupEpochs: assumed(0),
    batchSize: paper(128),
    epochs: assumed(200),
    augmentation: paper(PAD_CROP_FLIP),
  }),
  'cd-release': preset({
    rule: released('all-better'),
    alpha: released(1),
    beta: released(0),
    featureReduction: released('mean'),
    featureProjection: released(false),
    temperature: released(1),
    // The released code counts the batches of each epoch, and begins with the first; here they are counted over the run
    inputPerturbation: released({ pool: 'release', when: { every: 10 } }),
    parameterPerturbation: released(null),
    teacher: released(null),
    labelSmoothing: released(0),
    optimizer: released({ name: 'adamw', lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 1e-8 }),
    schedule: released({ name: 'constant' }),
    warmupEpochs: released(0),
    batchSize: released(84),
    epochs: released(400),
    augmentation: released(PAD_CROP_FLIP_ROTATION),
  }),
  dml: DML,
  independent: { ...DML, rule: dml('none'), alpha: assumed(0), temperature: assumed(1) },
  kd: {
    ...DML,
    rule: hinton('none'),
    alpha: assumed(0),
    temperature: assumed(1),
    teacher: assumed({ weight: 1, temperature: 4 }),
  },
};

type Raw = Readonly<Record<string, unknown>>;

/** Settings that may be stated in part: what isn't stated stays what it was beneath. */
export const SECTIONS = ['optimizer', 'schedule', 'teacher', 'inputPerturbation'] as const;

/** Settings as given, on top of those of the preset that they name. What is no preset is left for the schema to refuse. */
export function withPreset(input: unknown): unknown {
  if (!isSection(input) || !isPreset(input.preset)) return input;
  const merged: Record<string, unknown> = layOver(presetValues(input.preset), input);
  for (const key of SECTIONS) {
    merged[key] = mergeSection(PRESETS[input.preset][key].value, input[key]);
  }
  return merged;
}

/** The settings of a preset, or only those that make its method. */
export function presetValues(name: PresetName, keys: readonly PresetKey[] = [...METHOD_KEYS, ...PROTOCOL_KEYS]): Raw {
  return Object.fromEntries(keys.map((key) => [key, PRESETS[name][key].value]));
}

/** A setting (`key`, its path) whose value is not that of the preset. */
export interface PresetDifference {
  readonly key: string;
  readonly preset: unknown;
  readonly own: unknown;
}

/** What of a run's settings is not as its preset has it. */
export function presetDifferences(settings: Raw & { readonly preset: PresetName | null }): PresetDifference[] {
  const { preset } = settings;
  if (preset === null) return [];
  return Object.entries(presetValues(preset)).flatMap(([key, value]) => {
    const own = settings[key];
    return sameValue(own, value) ? [] : [{ key, preset: value, own }];
  });
}

/** A section keeps what isn't given, unless it is about another choice (`name`). */
export function mergeSection(base: unknown, own: unknown): unknown {
  if (own === undefined) return base;
  if (!isSection(base) || !isSection(own)) return own;
  return own.name !== undefined && own.name !== base.name ? own : layOver(base, own);
}

/** Settings over others: what the upper ones leave out, or have as undefined, stays. */
export function layOver(base: Raw, own: Raw): Record<string, unknown> {
  const left = Object.entries(base).filter(([key]) => own[key] === undefined);
  return { ...base, ...own, ...Object.fromEntries(left) };
}

export function isSection(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPreset(value: unknown): value is PresetName {
  return (PRESET_NAMES as readonly unknown[]).includes(value);
}
