import { describe, expect, it } from 'vitest';
import { METRICS, STEP_DEFAULTS, STEP_KEYS, stepSettingsOf } from '../../src/distill/step.js';
import { EXTRAS, LESSONS, readMetrics } from '../../src/distill/terms.js';
import { TUNING } from '../../src/distill/tuning-schema.js';
import { METHOD_KEYS, PRESETS } from '../../src/settings/presets.js';
import { parseSettings, type Settings } from '../../src/settings/settings.js';
import { createStep, metrics, openStep, resNet } from './steps.js';

describe('the schema of a step', () => {
  it('has the defaults of a run', () => {
    const settings = parseSettings({});
    for (const key of STEP_KEYS) expect(settings[key as keyof Settings], key).toEqual(STEP_DEFAULTS[key]);
  });

  it('takes what is its own out of the settings of a run', () => {
    const own = stepSettingsOf(parseSettings({ rule: 'top-k', teacher: { model: 'x.onnx', weight: 2 } }));
    expect(own).toEqual({ ...STEP_DEFAULTS, rule: 'top-k', teacher: { weight: 2, temperature: 4 } });
    expect(Object.keys(own)).toEqual(STEP_KEYS);
    expect(stepSettingsOf(parseSettings({})).teacher).toBeNull();
  });

  it('makes the method of every preset, but for how many teach, the task, the optimizer and what is trained', () => {
    const others = ['topK', 'task', 'optimizer', ...Object.keys(TUNING)];
    const inStep = STEP_KEYS.filter((key) => !others.includes(key));
    expect([...METHOD_KEYS].sort()).toEqual([...inStep, 'inputPerturbation', 'parameterPerturbation'].sort());
    for (const [name, preset] of Object.entries(PRESETS)) {
      for (const key of METHOD_KEYS) expect(preset[key].source, `${name}: ${key}`).toBeTruthy();
    }
  });
});

describe('the metrics of a step', () => {
  it('are outputs of every step, in their order, and what is read of it', () => {
    const { graph } = createStep([resNet(), resNet()], { options: { exposeLogits: false, exposeGradients: false } });
    const outputs = [...graph.outputs.keys()].filter((name) => !name.endsWith('.next'));
    expect(outputs).toEqual([...METRICS, 'teachers']);
    const read = readMetrics((name) => [METRICS.indexOf(name)]);
    expect(Object.entries(read)).toEqual(METRICS.map((name, i) => [name, [i]]));
  });

  it('add up to the total, each by its weight', async () => {
    const teacher = { weight: 0.3, temperature: 2 };
    const settings = { ...STEP_DEFAULTS, rule: 'all', alpha: 0.7, beta: 0.4, temperature: 3, teacher } as const;
    const { run, close } = await openStep([resNet(), resNet()], { settings });
    const { ce, total, ...others } = metrics(await run());
    await close();
    const weights = Object.entries({ ...LESSONS, ...EXTRAS }).map(
      ([name, term]) => [name, term.weight(settings)] as const,
    );
    expect(Object.fromEntries(weights)).toMatchObject({ kl: 0.7 * 9, feature: 0.4, kd: 0.3 * 4 });
    for (const [i, own] of ce.entries()) {
      const sum = weights.reduce((all, [name, weight = 0]) => all + weight * (others[name as 'kl'][i] as number), own);
      for (const name of ['kl', 'feature', 'kd'] as const) expect(others[name][i], name).toBeGreaterThan(0);
      expect(Math.abs((total[i] as number) - sum)).toBeLessThan(1e-5 * sum);
    }
  });
});
