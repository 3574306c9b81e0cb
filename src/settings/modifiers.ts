import { hasModels } from '../nets/model-file.js';
import { isSection } from './presets.js';
import type { RequestedSettings as Settings } from './settings.js';

type Raw = Readonly<Record<string, unknown>>;

/** What turns a section of the settings on: without it the section's other keys say how something goes that nobody asked for. */
export interface Feature {
  readonly key: string;
  /** What is wrong where the key is missing. */
  readonly missing: string;
  /** What to do about it, with the flags. */
  readonly hint: string;
}

export const FEATURES = {
  inputPerturbation: {
    key: 'pool',
    missing: 'nothing says how images are perturbed',
    hint: 'Name a pool of operations: paper or release (--perturb-input)',
  },
  parameterPerturbation: {
    key: 'when',
    missing: 'nothing says when parameters are perturbed',
    hint: 'Say in which steps (--mutate-every or --mutate-probability)',
  },
  teacher: {
    key: 'model',
    missing: 'there is no frozen teacher',
    hint: 'Name an ONNX model or the folder of a run (--teacher)',
  },
} as const satisfies Readonly<Record<string, Feature>>;

/** A section whose keys are modifiers alone, if there is one. An empty one has everything by default. */
export function sectionWithoutFeature(settings: Raw): keyof typeof FEATURES | undefined {
  const names = Object.keys(FEATURES) as (keyof typeof FEATURES)[];
  return names.find((name) => {
    const section = settings[name];
    if (!isSection(section)) return false;
    const given = Object.keys(section).filter((key) => section[key] !== undefined);
    return given.length > 0 && !given.includes(FEATURES[name].key);
  });
}

interface Modifier {
  /** What must be so for it to matter, as flags. */
  readonly goesWith: string;
  readonly matters: (settings: Settings) => boolean;
}

const TEACHING_RULE = '--rule argmin, all-better, top-k or all';
const teaches = ({ rule }: Settings) => rule !== 'none';
const comparesFeatures: Modifier = {
  goesWith: '--beta above 0',
  matters: ({ beta, rule }) => beta > 0 && rule !== 'none',
};

const beginsWithWeights = (settings: Settings) => {
  return settings.pretrained !== null || settings.from !== null || hasModels(settings);
};

/** Settings that only matter with others. */
const MODIFIERS: Readonly<Partial<Record<keyof Settings, Modifier>>> = {
  topK: { goesWith: '--rule top-k', matters: ({ rule }) => rule === 'top-k' },
  alpha: { goesWith: TEACHING_RULE, matters: (settings) => teaches(settings) || settings.alpha === 0 },
  beta: { goesWith: TEACHING_RULE, matters: (settings) => teaches(settings) || settings.beta === 0 },
  temperature: { goesWith: `--alpha above 0 and ${TEACHING_RULE}`, matters: (s) => teaches(s) && s.alpha > 0 },
  featureReduction: comparesFeatures,
  featureProjection: comparesFeatures,
  fitNorms: { goesWith: '--pretrained, --from, or --nets with an ONNX model', matters: beginsWithWeights },
  restoreNorms: { goesWith: '--nets with an ONNX model', matters: hasModels },
};

/** What a setting needs beside it to matter, as flags; undefined where it matters. */
export function missingFor(key: string, settings: Settings): string | undefined {
  const modifier = Object.hasOwn(MODIFIERS, key) ? MODIFIERS[key as keyof Settings] : undefined;
  return modifier && !modifier.matters(settings) ? modifier.goesWith : undefined;
}
