import { describe, expect, it } from 'vitest';
import { mergeSettings } from '../../../src/cli/flags/merge-settings.js';
import { createOption, nameOfFlag, SETTING_FLAGS } from '../../../src/cli/flags/setting-flags.js';
import { describeSetting } from '../../../src/cli/flags/setting-schema.js';
import { parseRequested, parseSettings, type SettingsInput } from '../../../src/settings/settings.js';
import { parseFlags } from '../command-line.js';

const sgd = parseSettings({}).optimizer;

/** Flags, and the settings that they stand for. */
const CASES: readonly (readonly [string, SettingsInput])[] = [
  ['--data photos', { data: 'photos' }],
  ['--size 64', { size: 64 }],
  ['--channels 1', { channels: 1 }],
  ['--limit 500', { limit: 500 }],
  ['--unlabelled others', { unlabelled: 'others' }],
  ['--validation 0.2', { validation: 0.2 }],
  ['--augmentation none', { augmentation: 'none' }],
  ['--sampler balanced', { sampler: 'balanced' }],
  ['--class-weights balanced', { classWeights: 'balanced' }],
  ['--class-weights 1,0.5', { classWeights: [1, 0.5] }],
  ['--class-weights cat=2,a=b=0.5', { classWeights: { cat: 2, 'a=b': 0.5 } }],
  ['--rand-augment 2,0', { randAugment: [2, 0] }],
  ['--augmentation auto --trivial-augment', { trivialAugment: true }],
  ['--color-jitter 0.4,0.4,1,0.1', { colorJitter: [0.4, 0.4, 1, 0.1] }],
  ['--random-erasing 0.25', { randomErasing: 0.25 }],
  ['--preset dml --mixup 0.2 --cutmix 1', { preset: 'dml', mixup: 0.2, cutmix: 1 }],
  ['--nets resnet20,wrn_16_2', { nets: ['resnet20', 'wrn_16_2'] }],
  ['--artifacts models/resnet20', { artifacts: 'models/resnet20' }],
  ['--crop 0.95', { crop: 0.95 }],
  ['--normalisation imagenet', { normalisation: 'imagenet' }],
  ['--task multi-label', { task: 'multi-label' }],
  ['--pretrained a.safetensors,b.pth', { pretrained: ['a.safetensors', 'b.pth'] }],
  ['--nets model.onnx --no-restore-norms', { nets: ['model.onnx'], restoreNorms: false }],
  ['--pretrained auto --fit-norms', { pretrained: ['auto'], fitNorms: true }],
  ['--rule all-better', { rule: 'all-better' }],
  ['--top-k 2', { topK: 2 }],
  ['--alpha 0', { alpha: 0 }],
  ['--beta 1e2', { beta: 100 }],
  ['--temperature 4', { temperature: 4 }],
  ['--feature-reduction sum', { featureReduction: 'sum' }],
  ['--feature-projection', { featureProjection: true }],
  ['--perturb-input paper', { inputPerturbation: { pool: 'paper' } }],
  ['--perturb-input release --perturb-every 4', { inputPerturbation: { pool: 'release', when: { every: 4 } } }],
  [
    '--perturb-input paper --perturb-probability 0.2',
    { inputPerturbation: { pool: 'paper', when: { probability: 0.2 } } },
  ],
  ['--mutate-every 30', { parameterPerturbation: { when: { every: 30 } } }],
  ['--mutate-probability 0.1', { parameterPerturbation: { when: { probability: 0.1 } } }],
  [
    '--mutate-every 30 --mutation-window 5 --mutation-sigma 0.1 --crossover 0',
    { parameterPerturbation: { when: { every: 30 }, window: 5, sigma: 0.1, crossover: 0 } },
  ],
  ['--teacher big.onnx --teacher-weight 2', { teacher: { model: 'big.onnx', weight: 2 } }],
  ['--teacher big.onnx --teacher-temperature 3', { teacher: { model: 'big.onnx', temperature: 3 } }],
  ['--teacher big.onnx --teacher-output probs', { teacher: { model: 'big.onnx', output: 'probs' } }],
  ['--preset dml', { preset: 'dml' }],
  [
    '--preset cd-release --lr 0.01 --epochs 3',
    { preset: 'cd-release', epochs: 3, optimizer: { name: 'adamw', lr: 0.01, weightDecay: 1e-8 } },
  ],
  ['--preset cd-paper --optimizer adamw', { preset: 'cd-paper', optimizer: { name: 'adamw' } }],
  ['--preset cd-paper --perturb-input none', { preset: 'cd-paper', inputPerturbation: null }],
  ['--preset kd --teacher big.onnx', { preset: 'kd', teacher: { model: 'big.onnx', weight: 1, temperature: 4 } }],
  ['--label-smoothing 0.1', { labelSmoothing: 0.1 }],
  ['--epochs 200', { epochs: 200 }],
  ['--batch-size 64', { batchSize: 64 }],
  ['--batch-size auto', { batchSize: 'auto' }],
  ['--optimizer adamw', { optimizer: { name: 'adamw' } }],
  ['--lr .05', { optimizer: { ...sgd, lr: 0.05 } as SettingsInput['optimizer'] }],
  ['--optimizer adamw --lr 0.01', { optimizer: { name: 'adamw', lr: 0.01 } }],
  ['--momentum 0.5', { optimizer: { name: 'sgd', momentum: 0.5 } }],
  ['--no-nesterov', { optimizer: { name: 'sgd', nesterov: false } }],
  ['--weight-decay 0', { optimizer: { name: 'sgd', weightDecay: 0 } }],
  ['--schedule one-cycle', { schedule: { name: 'one-cycle' } }],
  ['--schedule multi-step --milestones 5,7.5', { schedule: { name: 'multi-step', milestones: [5, 7.5] } }],
  ['--gamma 0.2 --schedule multi-step', { schedule: { name: 'multi-step', gamma: 0.2 } }],
  [
    '--schedule plateau --plateau-factor 0.5 --plateau-patience 2',
    { schedule: { name: 'plateau', factor: 0.5, patience: 2 } },
  ],
  ['--patience 3', { patience: 3 }],
  ['--warmup-epochs 0.5', { warmupEpochs: 0.5 }],
  ['--freeze backbone', { freeze: 'backbone' }],
  ['--layer-decay 0.75', { layerDecay: 0.75 }],
  ['--head-lr-factor 10', { headLrFactor: 10 }],
  ['--no-norm-weight-decay', { normWeightDecay: false }],
  ['--clip-norm 1', { clipNorm: 1 }],
  ['--accumulate 4', { accumulate: 4 }],
  ['--precision float16', { precision: 'float16' }],
  ['--ema 0.99', { ema: 0.99 }],
  ['--unfreeze-at 3', { unfreezeAt: 3 }],
  ['--views 4', { views: 4 }],
  ['--feature-cache memory', { featureCache: 'memory' }],
  ['--seed 7', { seed: 7 }],
  ['--engine ort-training', { engine: 'ort-training' }],
  ['--device cuda:1', { device: 'cuda:1' }],
  ['--place 0=cuda:1,1=cpu', { place: { '0': 'cuda:1', '1': 'cpu' } }],
  ['--place 0=tcp://10.0.0.7:7700', { place: { '0': 'tcp://10.0.0.7:7700' } }],
  ['--place none', { place: null }],
  ['--peer-timeout 90', { peerTimeout: 90 }],
  ['--save-every 2.5', { saveEvery: 2.5 }],
  ['--device auto', { device: 'auto' }],
  ['--precision float16', { precision: 'float16' }],
  ['--device webgpu --allow-fallback', { device: 'webgpu', allowFallback: true }],
  ['--threads 2', { threads: 2 }],
  ['--no-tune', { tune: false }],
  ['--log-every 20', { logEvery: 20 }],
  ['--steps-per-run 8', { stepsPerRun: 8 }],
  ['--prepare-on device', { prepareOn: 'device' }],
  ['--workers 3', { workers: 3 }],
  ['', {}],
];

describe('flags of agon train', () => {
  it.each(CASES)('%s', (args, expected) => {
    expect(mergeSettings({}, parseFlags(args))).toEqual(parseRequested(expected));
  });

  it('are all in the cases above, and in the schema', () => {
    const tested = CASES.map(([args]) => ` ${args} `).join('');
    for (const flag of SETTING_FLAGS) {
      expect(tested).toContain(` ${nameOfFlag(flag)} `);
      expect(() => describeSetting(flag.path)).not.toThrow();
    }
  });

  it('say the default that the schema has', () => {
    const help = (name: string) => {
      const flag = SETTING_FLAGS.find((entry) => nameOfFlag(entry) === name);
      return flag ? createOption(flag).description : '';
    };
    expect(help('--epochs')).toMatch(/\(10\)$/);
    expect(help('--nets')).toMatch(/\(resnet8,resnet8\)$/);
    expect(help('--lr')).toMatch(/\(sgd: 0\.1, adamw: 0\.001\)$/);
    expect(help('--rule')).toBe('who teaches: argmin, all-better, top-k, all, none (argmin)');
  });

  it.each([
    ['--epochs 0', '--epochs: bad value: expected a whole number from 1, got "0"'],
    ['--epochs 1.5', '--epochs: bad value: expected a whole number from 1, got "1.5"'],
    ['--batch-size 1', '--batch-size: bad value: expected a whole number from 2 or auto, got "1"'],
    [
      '--class-weights even',
      '--class-weights: bad value: expected a number above 0 or none or balanced or a list or name=number, got "even"',
    ],
    ['--class-weights cat=0', '--class-weights: bad value: expected a number above 0'],
    ['--class-weights =2', '--class-weights: bad value: expected name=number, got "=2"'],
    ['--lr 0', '--lr: bad value: expected a number above 0, got "0"'],
    ['--lr -1', '--lr: bad value: expected a number above 0, got "-1"'],
    ['--lr fast', '--lr: bad value: expected a number above 0, got "fast"'],
    ['--lr Infinity', '--lr: bad value: expected a number above 0, got "Infinity"'],
    ['--momentum 1', '--momentum: bad value: expected a number from 0 and below 1, got "1"'],
    ['--validation 1', '--validation: bad value: expected a number from 0 and below 1, got "1"'],
    ['--milestones 5,x', '--milestones: bad value: expected a number from 0, got "x"'],
    ['--rand-augment 2', '--rand-augment: bad value: expected 2 numbers, with commas between them, got "2"'],
    ['--rand-augment 2,31', '--rand-augment: bad value: expected a whole number from 0 to 30, got "31"'],
    ['--color-jitter 0.4,0.4,0.4,0.6', '--color-jitter: bad value: expected a number from 0 to 0.5, got "0.6"'],
    ['--nets resnet8,', '--nets: bad value: expected a list like a,b,c, got "resnet8,"'],
    ['--rule argmn', '--rule: there is no "argmn". Did you mean "argmin"?'],
    ['--optimizer adam', '--optimizer: there is no "adam". Did you mean "adamw"?'],
    ['--schedule x', '--schedule: there is no "x". There is: constant, multi-step, cosine'],
    ['--augmentation atuo', '--augmentation: there is no "atuo". Did you mean "auto"?'],
  ])('%s is an error', (args, message) => {
    expect(() => parseFlags(args)).toThrow(message);
  });
});

describe('mergeSettings', () => {
  it.each([
    [
      '--perturb-every 3',
      'nothing says how images are perturbed. Name a pool of operations: paper or release (--perturb-input)',
    ],
    ['--mutate-every 3 --mutate-probability 0.1', "--mutate-every: can't go with --mutate-probability"],
    [
      '--perturb-input paper --perturb-probability 1 --perturb-every 3',
      "--perturb-every: can't go with --perturb-probability",
    ],
  ])('refuses %s', (args, message) => {
    expect(() => mergeSettings({}, parseFlags(args))).toThrow(message);
  });

  const NO_MUTATION =
    'nothing says when parameters are perturbed. Say in which steps (--mutate-every or --mutate-probability)';
  const NO_POOL =
    'nothing says how images are perturbed. Name a pool of operations: paper or release (--perturb-input)';
  const NO_TEACHER = 'there is no frozen teacher. Name an ONNX model or the folder of a run (--teacher)';
  it.each([
    ['--crossover 0.2', {}, `--crossover: ${NO_MUTATION}`],
    ['--mutation-sigma 0.2', {}, `--mutation-sigma: ${NO_MUTATION}`],
    ['--mutation-window 5', { preset: 'cd-paper' }, `--mutation-window: ${NO_MUTATION}`],
    ['--perturb-every 3', { preset: 'dml' }, `--perturb-every: ${NO_POOL}`],
    ['--perturb-probability 0.5', {}, `--perturb-probability: ${NO_POOL}`],
    // Off by one flag, on by another
    ['--perturb-input none --perturb-every 3', { preset: 'cd-paper' }, `--perturb-every: ${NO_POOL}`],
    ['--teacher-weight 2', {}, `--teacher-weight: ${NO_TEACHER}`],
    [
      '--teacher none --teacher-temperature 2',
      { teacher: { model: 'a.onnx' } },
      `--teacher-temperature: ${NO_TEACHER}`,
    ],
  ] as [string, SettingsInput, string][])('refuses %s over %j, which turn nothing on', (args, file, message) => {
    expect(() => mergeSettings(file, parseFlags(args))).toThrow(message);
  });

  it('takes them where a file or a preset turns it on', () => {
    const file: SettingsInput = { preset: 'cd-paper', parameterPerturbation: { when: { every: 9 } } };
    const merged = mergeSettings(file, parseFlags('--perturb-every 3 --crossover 0.2'));
    expect(merged.inputPerturbation).toEqual({ pool: 'paper', when: { every: 3 } });
    expect(merged.parameterPerturbation).toMatchObject({ when: { every: 9 }, crossover: 0.2 });
  });

  it('takes how often images and how often parameters are perturbed, each in its own way', () => {
    const merged = mergeSettings({}, parseFlags('--perturb-input paper --perturb-every 3 --mutate-probability 0.1'));
    expect([merged.inputPerturbation?.when, merged.parameterPerturbation?.when]).toEqual([
      { every: 3 },
      { probability: 0.1 },
    ]);
  });

  const merge = (base: SettingsInput, args: string) => mergeSettings(parseSettings(base), parseFlags(args));

  it('lets flags win over a file, and keeps the rest of it', () => {
    const file: SettingsInput = { epochs: 5, optimizer: { name: 'sgd', lr: 0.2, momentum: 0.5 } };
    expect(merge(file, '--lr 0.3 --seed 1')).toEqual(
      parseSettings({ ...file, seed: 1, optimizer: { name: 'sgd', lr: 0.3, momentum: 0.5 } }),
    );
    expect(merge(file, '--optimizer sgd').optimizer).toEqual(parseSettings(file).optimizer);
  });

  it("begins with another optimizer's own defaults", () => {
    const merged = merge({ optimizer: { name: 'sgd', lr: 0.2 } }, '--optimizer adamw --weight-decay 0');
    expect(merged.optimizer).toEqual({ name: 'adamw', lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 });
  });

  it.each([
    ['--momentum 0.9 --optimizer adamw', '--momentum: goes with --optimizer sgd: got --optimizer adamw'],
    ['--no-nesterov --optimizer adamw', '--no-nesterov: goes with --optimizer sgd: got --optimizer adamw'],
    ['--gamma 0.5', '--gamma: goes with --schedule multi-step: got --schedule cosine'],
  ])('%s is an error', (args, message) => {
    expect(() => merge({}, args)).toThrow(message);
  });
});
