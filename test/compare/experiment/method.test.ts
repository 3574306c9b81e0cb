import { describe, expect, it } from 'vitest';
import { type ExperimentInput, parseExperiment, planRuns } from '../../../src/compare/experiment/experiment.js';
import { presetDifferences } from '../../../src/settings/presets.js';

/** The settings of the first method of an experiment. */
function settle(method: Record<string, unknown>, change: Partial<ExperimentInput> = {}) {
  const experiment = parseExperiment({ methods: { m: method }, ...change }, 'x.json');
  const [run] = planRuns(experiment, 'x.json');
  if (!run) throw new Error('no run');
  return run.settings;
}

const BASE = { epochs: 2, batchSize: 32, optimizer: { name: 'adamw', lr: 0.01 } };

describe('the settings of a method', () => {
  it('are its own, then those of its preset, then the base, then the defaults', () => {
    const settings = settle({ preset: 'cd-paper', beta: 0, temperature: 3, epochs: 7 }, { base: BASE });
    // Own, of the preset, of the base, default.
    expect(settings).toMatchObject({ beta: 0, temperature: 3, epochs: 7 });
    expect(settings).toMatchObject({ rule: 'argmin', inputPerturbation: { pool: 'paper', when: { every: 1 } } });
    expect(settings).toMatchObject({ batchSize: 32, tune: false });
    expect(settings).toMatchObject({ schedule: { name: 'cosine' }, augmentation: 'auto', warmupEpochs: 0 });
  });

  it('with the protocol `preset` have of the preset what neither they nor the base say', () => {
    const settings = settle(
      { preset: 'cd-release', temperature: 3 },
      { base: { epochs: 2, optimizer: { name: 'adamw', lr: 0.01 } }, protocol: 'preset' },
    );
    expect(settings).toMatchObject({ temperature: 3, epochs: 2, batchSize: 84, schedule: { name: 'constant' } });
    expect(settings.optimizer).toEqual({ name: 'adamw', lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 1e-8 });
  });

  it('take nothing else from a preset with the protocol `base`', () => {
    const { optimizer } = settle({ preset: 'cd-release', optimizer: { lr: 0.5 } }, { base: BASE });
    // The weight decay is AdamW's default, not the preset's 1e-8.
    expect(optimizer).toMatchObject({ name: 'adamw', lr: 0.5, weightDecay: 0.01 });
    const other = settle({ preset: 'cd-release', optimizer: { name: 'sgd' } }, { base: BASE });
    expect(other.optimizer).toEqual({ name: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 5e-4, nesterov: true });
  });

  it('may state a section in part', () => {
    expect(settle({ optimizer: { lr: 0.2 } }).optimizer).toMatchObject({ name: 'sgd', lr: 0.2, momentum: 0.9 });
    const often = settle({ preset: 'cd-release', inputPerturbation: { when: { every: 3 } } });
    expect(often.inputPerturbation).toEqual({ pool: 'release', when: { every: 3 } });
    const kd = settle({ preset: 'kd', teacher: { model: 'big.onnx', weight: 2 } });
    expect(kd.teacher).toEqual({ model: 'big.onnx', weight: 2, temperature: 4 });
  });

  it('take what is undefined as left out', () => {
    const left = { epochs: undefined, beta: undefined, optimizer: { lr: undefined } };
    for (const protocol of ['base', 'preset'] as const) {
      const change = { base: { epochs: 7, tune: undefined }, protocol };
      expect(settle({ preset: 'cd-paper', ...left }, change)).toEqual(settle({ preset: 'cd-paper' }, change));
    }
    expect(settle({ preset: 'dml' }, { base: { tune: undefined } }).tune).toBe(false);
  });

  it('record the preset, and with it what they have of their own', () => {
    const settings = settle({ preset: 'dml', alpha: 2 }, { base: { epochs: 200, batchSize: 64 } });
    expect(settings.preset).toBe('dml');
    expect(presetDifferences(settings).map(({ key }) => key)).toEqual(['alpha', 'schedule', 'augmentation']);
  });

  it('may have of the base what no preset overrides', () => {
    const methods = { plain: { rule: 'all' }, own: { preset: 'dml', temperature: 2 } };
    const runs = planRuns(parseExperiment({ base: { temperature: 3 }, methods, seeds: [0] }, 'x.json'), 'x.json');
    expect(runs.map(({ settings }) => settings.temperature)).toEqual([3, 2]);
  });

  it.each<[Partial<ExperimentInput>, string]>([
    [
      { base: { temperature: 3 } },
      'x.json: base: "temperature" would be overridden by the preset of method "m". Put it under the methods that are ' +
        'to have it: "methods": {"m":{"preset":"dml","alpha":2,"temperature":3}}',
    ],
    [
      { base: { inputPerturbation: null }, protocol: 'preset' },
      '"inputPerturbation" would be overridden by the preset',
    ],
    [
      {
        base: { inputPerturbation: { pool: 'release', when: { every: 7 } } },
        methods: { m: { preset: 'cd-paper', inputPerturbation: { when: { every: 3 } } } },
      },
      '"methods": {"m":{"preset":"cd-paper","inputPerturbation":{"pool":"release","when":{"every":3}}}}',
    ],
    [{ base: { preset: 'dml' } }, 'Put it under a method: "methods": {"x": {"preset": "dml"}}'],
    [{ base: { nets: ['resnet8'] } }, 'x.json: base: "nets" can\'t be set here. Name them in "groups"'],
    [{ methods: { m: { seed: 3 } } }, 'x.json: method "m": "seed" can\'t be set here. Name them in "seeds"'],
    [{ methods: { m: { preset: 'kd' } } }, 'method "m": teacher.model: there is no frozen teacher'],
    [{ methods: { m: { alhpa: 3 } } }, 'x.json: method "m": unknown setting "alhpa"'],
  ])('are refused where something else decides: %j', (change, message) => {
    expect(() => settle({ preset: 'dml', alpha: 2 }, change)).toThrow(message);
  });
});
