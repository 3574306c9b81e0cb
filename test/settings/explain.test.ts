import { describe, expect, it } from 'vitest';
import { explainSettings } from '../../src/settings/explain.js';
import type { PresetName } from '../../src/settings/preset-names.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';

/** What a preset states, from a source: values by path. */
type Stated = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const SGD = {
  'optimizer.name': 'sgd',
  'optimizer.lr': 0.1,
  'optimizer.momentum': 0.9,
  'optimizer.weightDecay': 5e-4,
  'optimizer.nesterov': true,
};
const STEPS = { 'schedule.name': 'multi-step', 'schedule.milestones': [60, 120, 180], 'schedule.gamma': 0.1 };
const augmentation = (rotation: number) => ({
  'augmentation.randomResizedCrop': null,
  'augmentation.padCrop': 4,
  'augmentation.flip': true,
  'augmentation.rotation': rotation,
});
const PROTOCOL = {
  ...SGD,
  ...STEPS,
  ...augmentation(0),
  warmupEpochs: 0,
  batchSize: 64,
  epochs: 200,
  labelSmoothing: 0,
};
const NOT_PERTURBED = { inputPerturbation: null, parameterPerturbation: null };
const FEATURES = { featureReduction: 'mean', featureProjection: false };

/** The table of presets, by hand. */
const PRESETS: Readonly<Record<PresetName, Stated>> = {
  'cd-paper': {
    paper: {
      ...{ rule: 'argmin', alpha: 1, beta: 1, temperature: 1, teacher: null, parameterPerturbation: null },
      ...{ 'inputPerturbation.pool': 'paper', 'inputPerturbation.when.every': 1, batchSize: 128, ...augmentation(0) },
    },
    assumed: { ...SGD, ...STEPS, ...FEATURES, warmupEpochs: 0, epochs: 200, labelSmoothing: 0 },
  },
  'cd-release': {
    'released code': {
      ...{ rule: 'all-better', alpha: 1, beta: 0, temperature: 1, teacher: null, parameterPerturbation: null },
      ...{ 'inputPerturbation.pool': 'release', 'inputPerturbation.when.every': 10, ...augmentation(15) },
      ...{ 'optimizer.name': 'adamw', 'optimizer.lr': 1e-3, 'optimizer.betas': [0.9, 0.999] },
      ...{ 'optimizer.eps': 1e-8, 'optimizer.weightDecay': 1e-8, 'schedule.name': 'constant' },
      ...{ ...FEATURES, warmupEpochs: 0, batchSize: 84, epochs: 400, labelSmoothing: 0 },
    },
  },
  dml: {
    DML: { rule: 'all', alpha: 1, beta: 0, temperature: 1, teacher: null, ...NOT_PERTURBED, ...PROTOCOL },
    assumed: FEATURES,
  },
  independent: {
    DML: { rule: 'none', beta: 0, teacher: null, ...NOT_PERTURBED, ...PROTOCOL },
    assumed: { alpha: 0, temperature: 1, ...FEATURES },
  },
  kd: {
    'Hinton 2015': { rule: 'none' },
    DML: { beta: 0, ...NOT_PERTURBED, ...PROTOCOL },
    assumed: { alpha: 0, temperature: 1, 'teacher.weight': 1, 'teacher.temperature': 4, ...FEATURES },
    'my.json': { 'teacher.model': 'big.onnx' },
  },
};

const flag = (values: Record<string, unknown>, name: string) => ({ values, sourceOf: () => name });
/** Explains settings as merged, given by a file and by layers that are over it. */
function sourcesOf(settings: SettingsInput, file: SettingsInput, ...flags: ReturnType<typeof flag>[]) {
  const rows = explainSettings(parseSettings(settings), [flag(file, 'my.json'), ...flags]);
  return Object.fromEntries(rows.map(({ path, source }) => [path, source]));
}

describe('settings are explained', () => {
  it.each(Object.entries(PRESETS))('%s: every value that is stated, and where it is from', (preset, stated) => {
    const file = { preset, ...(preset === 'kd' && { teacher: { model: 'big.onnx' } }) } as SettingsInput;
    const rows = explainSettings(parseSettings(file), [flag(file, 'my.json')]);
    const told = rows.filter(({ path, source }) => source !== 'default' && path !== 'preset');
    const expected = Object.entries(stated).flatMap(([source, values]) => {
      return Object.entries(values).map(([path, value]) => ({ path, value, source }));
    });
    const sorted = (list: typeof told) => [...list].sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(sorted(told)).toEqual(sorted(expected));
    const own = ['preset', ...told.map(({ path }) => path)];
    const others = parseSettings({}) as Record<string, unknown>;
    for (const { path, value } of rows.filter((row) => !own.includes(row.path)))
      expect(value, path).toEqual(others[path]);
  });

  it('a section that is turned off, by whoever did it', () => {
    const off = { preset: 'cd-paper', inputPerturbation: null } as const;
    expect(sourcesOf(off, off).inputPerturbation).toBe('my.json');
    const byFlag = flag({ inputPerturbation: null }, '--perturb-input');
    expect(sourcesOf(off, { preset: 'cd-paper' }, byFlag).inputPerturbation).toBe('--perturb-input');
    expect(sourcesOf(off, { inputPerturbation: { pool: 'release' } }, byFlag).inputPerturbation).toBe(
      '--perturb-input',
    );
  });

  it('a section that is turned on again, or of which a part is given', () => {
    const settings = { inputPerturbation: { pool: 'paper' } } as const;
    const byFlag = flag({ inputPerturbation: { pool: 'paper' } }, '--perturb-input');
    const on = sourcesOf(settings, { inputPerturbation: null }, byFlag);
    expect([on['inputPerturbation.pool'], on['inputPerturbation.when.every']]).toEqual(['--perturb-input', 'default']);
    const part = sourcesOf({ preset: 'cd-paper', ...settings }, { preset: 'cd-paper' }, byFlag);
    expect([part['inputPerturbation.pool'], part['inputPerturbation.when.every']]).toEqual([
      '--perturb-input',
      'paper',
    ]);
    const given = { preset: 'dml', optimizer: { lr: 0.2 }, augmentation: { padCrop: 4 } } as unknown as SettingsInput;
    expect(sourcesOf(given, given)).toMatchObject({
      'optimizer.lr': 'my.json',
      'optimizer.momentum': 'DML',
      'augmentation.padCrop': 'my.json',
      // What isn't given of it is not the preset's
      'augmentation.flip': 'default',
      'augmentation.randomResizedCrop': 'default',
    });
  });

  it('another choice than below begins with defaults, also where the values are the same', () => {
    const file = { optimizer: { name: 'adamw', lr: 0.1 } } as const;
    const chosen = flag({ optimizer: { name: 'sgd' } }, '--optimizer');
    expect(sourcesOf({ optimizer: { name: 'sgd' } }, file, chosen)).toMatchObject({
      'optimizer.name': '--optimizer',
      'optimizer.lr': 'default',
    });
    const often = { inputPerturbation: { pool: 'paper', when: { every: 5 } } } as const;
    const rarely = { inputPerturbation: { pool: 'paper', when: { probability: 0.1 } } } as const;
    const when = flag({ inputPerturbation: { when: { probability: 0.1 } } }, '--perturb-probability');
    expect(sourcesOf(rarely, often, when)).toMatchObject({
      'inputPerturbation.pool': 'my.json',
      'inputPerturbation.when.probability': '--perturb-probability',
    });
  });
});
