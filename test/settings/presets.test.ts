import { describe, expect, it } from 'vitest';
import { presetDifferences } from '../../src/settings/presets.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';

const SGD = { name: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 5e-4, nesterov: true };
const STEPS = { name: 'multi-step', milestones: [60, 120, 180], gamma: 0.1 };
const AUGMENTATION = { randomResizedCrop: null, padCrop: 4, flip: true, rotation: 0 };
const DML = {
  optimizer: SGD,
  schedule: STEPS,
  warmupEpochs: 0,
  batchSize: 64,
  epochs: 200,
  augmentation: AUGMENTATION,
};

/** The table of presets, by hand. */
const STATED: readonly (readonly [SettingsInput, Record<string, unknown>])[] = [
  [
    { preset: 'cd-paper' },
    {
      ...{ rule: 'argmin', alpha: 1, temperature: 1, beta: 1, featureReduction: 'mean', teacher: null },
      ...{ inputPerturbation: { pool: 'paper', when: { every: 1 } }, parameterPerturbation: null },
      ...{ optimizer: SGD, schedule: STEPS, batchSize: 128, epochs: 200, augmentation: AUGMENTATION },
    },
  ],
  [
    { preset: 'cd-release' },
    {
      ...{ rule: 'all-better', alpha: 1, temperature: 1, beta: 0, teacher: null, parameterPerturbation: null },
      inputPerturbation: { pool: 'release', when: { every: 10 } },
      optimizer: { name: 'adamw', lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 1e-8 },
      ...{
        schedule: { name: 'constant' },
        batchSize: 84,
        epochs: 400,
        augmentation: { ...AUGMENTATION, rotation: 15 },
      },
    },
  ],
  [
    { preset: 'dml' },
    { rule: 'all', alpha: 1, temperature: 1, beta: 0, inputPerturbation: null, parameterPerturbation: null, ...DML },
  ],
  [
    { preset: 'independent' },
    { rule: 'none', beta: 0, inputPerturbation: null, parameterPerturbation: null, teacher: null, ...DML },
  ],
  [
    { preset: 'kd', teacher: { model: 'big.onnx' } },
    { rule: 'none', beta: 0, teacher: { model: 'big.onnx', weight: 1, temperature: 4 }, ...DML },
  ],
];

describe('presets', () => {
  it.each(STATED)('%j has the values that are stated', (input, expected) => {
    expect(parseSettings(input)).toMatchObject(expected);
  });

  it.each(STATED)('%j parses to itself once it is complete', (input) => {
    const settings = parseSettings(input);
    expect(parseSettings(settings)).toEqual(settings);
    const changed = { ...settings, alpha: 3, optimizer: { ...settings.optimizer, lr: 7 } };
    expect(parseSettings(changed)).toEqual(changed);
  });

  it("give way to what is given; what is left out of a section stays the preset's", () => {
    const settings = parseSettings({ preset: 'cd-release', optimizer: { name: 'adamw', lr: 0.01 }, epochs: 5 });
    expect(settings).toMatchObject({ epochs: 5, optimizer: { lr: 0.01, weightDecay: 1e-8 }, batchSize: 84 });
    const other = parseSettings({ preset: 'cd-release', optimizer: { name: 'sgd' } });
    expect(other.optimizer).toEqual(SGD);
  });

  it('stay where what is given is undefined, in a section too', () => {
    const given = { epochs: undefined, rule: undefined, schedule: undefined, augmentation: undefined } as const;
    expect(parseSettings({ preset: 'dml', ...given })).toEqual(parseSettings({ preset: 'dml' }));
    const optimizer = { name: undefined, lr: 0.5, momentum: undefined } as unknown as SettingsInput['optimizer'];
    expect(parseSettings({ preset: 'dml', optimizer }).optimizer).toEqual({ ...SGD, lr: 0.5 });
    const inputPerturbation = { pool: undefined, when: { every: 3 } } as unknown as SettingsInput['inputPerturbation'];
    const perturbed = parseSettings({ preset: 'cd-paper', inputPerturbation });
    expect(perturbed.inputPerturbation).toEqual({ pool: 'paper', when: { every: 3 } });
    const release = { name: 'adamw', weightDecay: undefined } as const;
    expect(parseSettings({ preset: 'cd-release', optimizer: release }).optimizer).toMatchObject({ weightDecay: 1e-8 });
    expect(() => parseSettings({ preset: 'dml', epochz: undefined })).toThrow('unknown setting "epochz"');
  });

  it('record what differs from them', () => {
    expect(presetDifferences(parseSettings({ preset: 'dml' }))).toEqual([]);
    expect(presetDifferences(parseSettings({}))).toEqual([]);
    expect(presetDifferences(parseSettings({ preset: 'dml', epochs: 5, alpha: 2 }))).toEqual([
      { key: 'alpha', preset: 1, own: 2 },
      { key: 'epochs', preset: 200, own: 5 },
    ]);
  });

  it('give way section by section', () => {
    expect(parseSettings({ preset: 'cd-paper', inputPerturbation: null }).inputPerturbation).toBeNull();
    const augmentation = parseSettings({ preset: 'dml', augmentation: { padCrop: 2 } }).augmentation;
    expect(augmentation).toEqual({ randomResizedCrop: null, padCrop: 2, flip: false, rotation: 0 });
  });
});
