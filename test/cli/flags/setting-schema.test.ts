import { describe, expect, it } from 'vitest';
import { createOption, nameOfFlag, SETTING_FLAGS } from '../../../src/cli/flags/setting-flags.js';
import { describeSetting, SETTINGS } from '../../../src/cli/flags/setting-schema.js';
import { flatten } from '../../../src/settings/explain.js';
import { parseSettings } from '../../../src/settings/settings.js';
import { SETTING_GROUPS } from '../../../src/util/setting-meta.js';

const pathOf = ({ path }: { readonly path: readonly string[] }) => path.join('.');

describe('the settings as their schema describes them', () => {
  it('are all there, each once, with what they do', () => {
    const paths = SETTINGS.map(pathOf);
    expect(new Set(paths).size).toBe(paths.length);
    const complete = parseSettings({
      augmentation: { randomResizedCrop: { scale: [0.1, 1], ratio: [1, 2] } },
      inputPerturbation: { pool: 'paper' },
      parameterPerturbation: {},
      teacher: { model: 'x.onnx', output: 'y' },
      ...{ randAugment: [2, 9], colorJitter: [0, 0, 0, 0] },
      ...{ size: 32, limit: 9, threads: 1 },
    });
    for (const { path } of flatten(complete)) expect(paths).toContain(path);
    for (const { path, meta, owners } of SETTINGS) {
      for (const each of owners.length > 0 ? owners : [{ meta }])
        expect(each.meta.description, pathOf({ path })).toBeTruthy();
    }
  });

  it('have one flag and one group each, whatever the optimizer', () => {
    for (const { path, meta, owners } of SETTINGS) {
      for (const owner of owners)
        expect([owner.meta.flag, owner.meta.group], pathOf({ path })).toEqual([meta.flag, meta.group]);
      if (meta.flag !== undefined) expect(SETTING_GROUPS, meta.flag).toContain(meta.group);
    }
    const names = SETTING_FLAGS.map(nameOfFlag);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(SETTINGS.filter(({ meta }) => meta.flag !== undefined).length);
  });

  it('give their flags group by group, in the order in which a run records them', () => {
    const order = SETTING_FLAGS.map(({ group }) => SETTING_GROUPS.indexOf(group));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const steps = SETTING_FLAGS.filter(({ group }) => group === 'Steps').map(nameOfFlag);
    expect(steps.slice(0, 4)).toEqual(['--epochs', '--batch-size', '--optimizer', '--lr']);
    const rates = [
      '--schedule',
      '--milestones',
      '--gamma',
      '--plateau-factor',
      '--plateau-patience',
      '--warmup-epochs',
    ];
    expect(steps.slice(steps.indexOf('--schedule')).slice(0, rates.length)).toEqual(rates);
  });

  it('say what they take', () => {
    expect(describeSetting(['optimizer', 'betas']).kind).toMatchObject({
      type: 'numbers',
      range: { from: 0, below: 1 },
    });
    expect(describeSetting(['teacher'])).toMatchObject({ kind: { type: 'section' }, value: null });
    expect(describeSetting(['schedule', 'name']).kind).toEqual({
      type: 'choice',
      choices: ['constant', 'multi-step', 'cosine', 'linear', 'one-cycle', 'plateau'],
    });
    expect(describeSetting(['optimizer', 'lr']).owners).toMatchObject([
      { name: 'sgd', value: 0.1 },
      { name: 'adamw', value: 0.001 },
    ]);
  });

  it.each([
    ['--weight-decay', 'L2 penalty; with adamw decoupled (sgd: 0.0005, adamw: 0.01)'],
    ['--momentum', 'momentum (sgd: 0.9)'],
    ['--no-nesterov', "classical momentum in place of Nesterov's (with sgd)"],
    ['--warmup-epochs', 'linear learning-rate warm-up (0)'],
    ['--rand-augment', 'RandAugment: n operations of magnitude m, 0 to 30 (none)'],
    ['--mixup', 'mixup for all networks: alpha of Beta(alpha, alpha) (0)'],
    ['--temperature', 'temperature of the softmax in the KL divergence (1)'],
    ['--perturb-input', "perturb one random network's images: paper, release, none (none)"],
    ['--perturb-probability', 'or in each step with this probability'],
    ['--rule', 'who teaches: argmin, all-better, top-k, all, none (argmin)'],
    ['--size', "input height and width (the data's)"],
  ])('%s has a help in the words of the field', (name, text) => {
    const flag = SETTING_FLAGS.find((each) => nameOfFlag(each) === name);
    expect(flag && createOption(flag).description).toBe(text);
  });
});
