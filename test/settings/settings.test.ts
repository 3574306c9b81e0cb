import { describe, expect, it } from 'vitest';
import { parseDevice } from '../../src/runtime/device.js';
import { checkSettings, parseSettings, type SettingsInput } from '../../src/settings/settings.js';

describe('settings', () => {
  it('have defaults, and are complete after once', () => {
    const settings = parseSettings({});
    expect(settings).toMatchObject({ data: 'builtin', nets: ['resnet8', 'resnet8'], rule: 'argmin', device: 'cpu' });
    expect(parseSettings(settings)).toEqual(settings);
    expect(parseSettings({ optimizer: { name: 'adamw' } }).optimizer).toEqual({
      name: 'adamw',
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 1e-2,
    });
  });

  it.each<[unknown, string]>([
    [{ epoch: 3 }, 'unknown setting "epoch". Did you mean "epochs"?'],
    [{ zebra: 3 }, 'unknown setting "zebra". There is: preset, data, nets, artifacts, pretrained, '],
    [{ optimizer: { name: 'sgd', momentm: 1 } }, 'unknown setting "optimizer.momentm". Did you mean "momentum"?'],
    [{ optimizer: { name: 'adamw', momentum: 1 } }, 'unknown setting "optimizer.momentum". There is: name, lr, betas'],
    [{ schedule: { name: 'cosine', gamma: 1 } }, 'unknown setting "schedule.gamma". There is: name, min'],
    [{ augmentation: { flipp: true } }, 'unknown setting "augmentation.flipp". Did you mean "flip"?'],
    [{ teacher: { model: 'x', weigth: 1 } }, 'unknown setting "teacher.weigth". Did you mean "weight"?'],
    [{ inputPerturbation: { pol: 'paper' } }, 'unknown setting "inputPerturbation.pol". Did you mean "pool"?'],
    [
      { inputPerturbation: { pool: 'paper', when: { every: 0 } } },
      'inputPerturbation.when.every: expected number to be >=1, got 0',
    ],
    [{ preset: 'cd' }, 'preset: expected one of "cd-paper"|"cd-release"|"dml"|"independent"|"kd", got "cd"'],
    [{ preset: 'kd' }, 'teacher.model: there is no frozen teacher. Name an ONNX model or the folder of a run'],
    [{ epochs: 0 }, 'epochs: expected number to be >=1, got 0'],
    [{ epochs: '3' }, 'epochs: expected number, got "3"'],
    [{ batchSize: 1.5 }, 'batchSize: expected a whole number from 2, or "auto", got 1.5'],
    [{ temperature: Number.NaN }, 'temperature: expected number, got NaN'],
    [{ validation: 1 }, 'validation: expected number to be <1, got 1'],
    [{ rule: 'argmax' }, 'rule: expected one of "argmin"|"all-better"|"top-k"|"all"|"none", got "argmax"'],
    [{ nets: [] }, 'nets: expected array to have >=1 items, got []'],
    [{ nets: ['resnet8', 3] }, 'nets.1: expected a name or a specification, got 3'],
    [{ optimizer: { name: 'adam' } }, "optimizer.name: expected 'sgd' | 'adamw', got \"adam\""],
    [{ optimizer: { name: 'adamw', betas: [0.9, 1] } }, 'optimizer.betas.1: expected number to be <1, got 1'],
    [{ randAugment: [2, 31] }, 'randAugment.1: expected number to be <=30, got 31'],
    [{ colorJitter: [2, 0, 0, 0] }, 'colorJitter.0: expected number to be <=1, got 2'],
    [{ mixup: -1 }, 'mixup: expected number to be >=0, got -1'],
    [{ augmentation: 'some' }, 'augmentation: expected "auto", "none" or an object, got "some"'],
    [[], 'settings: expected object, got []'],
    [null, 'settings: expected object, got null'],
  ])('%j are refused', (input, message) => {
    expect(() => parseSettings(input, 'my.json')).toThrow(`my.json: ${message}`);
  });

  it.each<[unknown, string]>([
    [{ device: 'tpu' }, 'my.json: device: expected auto, cpu, cuda, cuda:<n> or webgpu, got "tpu"'],
    [{ device: 'cuda:x' }, 'my.json: device: expected auto, cpu, cuda, cuda:<n> or webgpu, got "cuda:x"'],
    [{ device: '' }, 'my.json: device: expected auto, cpu, cuda, cuda:<n> or webgpu, got ""'],
    [{ nets: ['resnet8', 'resnet9'] }, 'my.json: nets.1: there is no network "resnet9". Did you mean "resnet8"?'],
    [{ nets: ['constructor'] }, 'my.json: nets.0: there is no network "constructor"'],
    [{ nets: [{ family: 'vgg' }] }, 'my.json: nets.0: network spec: there is no family "vgg"'],
    [{ nets: [{ family: 'resnet-cifar', widths: 3 }] }, 'my.json: nets.0: network spec of family resnet-cifar: '],
    [{ size: 1e9 }, 'my.json: size: expected number to be <=16383, got 1000000000'],
    [
      { size: 16383, batchSize: 128 },
      'my.json: size 16383 with batchSize 128: expected at most 1073741824 pixels in a',
    ],
    [
      { device: 'auto' },
      'my.json: device: expected cpu, cuda, cuda:<n> or webgpu, got "auto". Only `agon train` settles it',
    ],
    [{ batchSize: 2e9 }, 'my.json: batchSize: expected at most 1073741824 pixels in a batch, got 2000000000'],
    [{ batchSize: 1e9, unlabelled: 'others' }, 'my.json: batchSize: expected at most 1073741824 pixels in a batch'],
    [{ threads: 1e6 }, 'my.json: threads: expected number to be <=1024, got 1000000'],
    [{ workers: 1e6 }, 'my.json: workers: expected number to be <=1024, got 1000000'],
    [
      { parameterPerturbation: { sigma: 0.1 } },
      'my.json: parameterPerturbation.when: nothing says when parameters are',
    ],
  ])('%j can not work', (input, message) => {
    expect(() => parseSettings(input, 'my.json')).toThrow(message);
  });

  it('say which network there is not, without a file too', () => {
    expect(() => parseSettings({ nets: ['resnet9'] })).toThrow('networks: there is no network "resnet9"');
  });

  it.each(['cpu', ' CPU ', 'webgpu', 'cuda', 'CUDA:1'])('take the device "%s"', (device) => {
    expect(parseSettings({ device }).device).toBe(device);
    expect(() => parseDevice(device)).not.toThrow();
  });

  it("take an artifact's own names for networks", () => {
    expect(parseSettings({ nets: ['mine'], artifacts: 'a' }).nets).toEqual(['mine']);
  });

  it('that do not go together are refused', () => {
    const settings = (topK: number) => parseSettings({ rule: 'top-k', topK, nets: ['resnet8', 'resnet8', 'resnet8'] });
    expect(() => checkSettings(settings(2))).not.toThrow();
    expect(() => checkSettings(settings(3))).toThrow(
      'settings: topK: expected less than the number of networks (3), got 3',
    );
  });

  it.each([
    [{ pretrained: ['a', 'b', 'c'] }, 'pretrained: expected one for all networks, or one for each of the 2, got 3'],
    [{ nets: ['resnet8'], pretrained: ['a', 'b'] }, 'pretrained: expected one, got 2'],
    [{ pretrained: ['a'], from: 'run' }, 'pretrained and from both say what networks begin with'],
    [{ pretrained: ['a'], artifacts: 'folder' }, 'pretrained and artifacts both say what networks begin with'],
  ])('refuse weights that go with nothing: %j', (input, message) => {
    expect(() => checkSettings(parseSettings(input))).toThrow(`settings: ${message}`);
    for (const pretrained of [['a'], ['a', 'b']]) checkSettings(parseSettings({ pretrained }));
  });

  it.each<[SettingsInput, boolean]>([
    [{}, true],
    [{ alpha: 0, beta: 1 }, true],
    [{ nets: ['resnet8'], teacher: { model: 'x' } }, true],
    [{ rule: 'none', teacher: { model: 'x' } }, true],
    [{ nets: ['resnet8'] }, false],
    [{ rule: 'none' }, false],
    [{ alpha: 0 }, false],
    [{ rule: 'none', teacher: { model: 'x', weight: 0 } }, false],
  ])('learn of images without labels where somebody teaches: %j', (input, teaches) => {
    const check = () => checkSettings(parseSettings({ ...input, unlabelled: 'others' }));
    if (teaches) return expect(check).not.toThrow();
    expect(check).toThrow(
      'settings: unlabelled where nobody teaches: nothing would be learned of these images: got others. Name a frozen teacher',
    );
  });

  it('have several steps in one run only where the state would be copied between them', () => {
    const check = (input: SettingsInput) => () => checkSettings(parseSettings({ stepsPerRun: 4, ...input }));
    for (const device of ['cpu', 'cuda:1']) expect(check({ device })).not.toThrow();
    expect(check({ device: 'webgpu' })).toThrow(
      /^settings: stepsPerRun with the device webgpu: expected 1, as .*, got 4\. Leave --steps-per-run out; --log-every/,
    );
    const official = { engine: 'ort-training', optimizer: { name: 'sgd', momentum: 0 } } as const;
    expect(check(official)).toThrow('stepsPerRun with the engine ort-training: expected 1');
  });

  it('draw operations by one policy', () => {
    const both = parseSettings({ randAugment: [2, 9], trivialAugment: true });
    expect(() => checkSettings(both)).toThrow(
      'settings: randAugment and trivialAugment draw from the same operations. Leave one of them out',
    );
    for (const one of [{ randAugment: [1, 0] as [number, number] }, { trivialAugment: true }])
      checkSettings(parseSettings(one));
  });

  it.each(['mixup', 'cutmix'])('refuse %s with the engine ort-training', (key) => {
    const settings = parseSettings({ [key]: 0.2, engine: 'ort-training', optimizer: { name: 'sgd', momentum: 0 } });
    expect(() => checkSettings(settings)).toThrow(
      `settings: ${key} with the engine ort-training: expected 0, as its labels are one class an image, got 0.2`,
    );
  });

  it.each([
    [{ freeze: 'backbone' }, 'freeze'],
    [{ layerDecay: 0.9 }, 'layerDecay'],
    [{ headLrFactor: 10 }, 'headLrFactor'],
    [{ normWeightDecay: false }, 'normWeightDecay'],
    [{ clipNorm: 1 }, 'clipNorm'],
    [{ accumulate: 2 }, 'accumulate'],
    [{ ema: 0.9 }, 'ema'],
  ])('refuse %j with the engine ort-training', (input, name) => {
    const settings = parseSettings({ ...input, engine: 'ort-training', optimizer: { name: 'adamw' } });
    expect(() => checkSettings(settings)).toThrow(`settings: ${name} with the engine ort-training: expected `);
  });

  it('refuse gradients of a mutant and of what it was, averaged', () => {
    const settings = parseSettings({ accumulate: 2, parameterPerturbation: {} });
    expect(() => checkSettings(settings)).toThrow('settings: accumulate with parameterPerturbation: expected 1');
  });

  it('perturb parameters of two networks or more', () => {
    const settings = (nets: string[]) => parseSettings({ nets, parameterPerturbation: {} });
    expect(() => checkSettings(settings(['resnet8', 'wrn_16_2']))).not.toThrow();
    expect(() => checkSettings(settings(['resnet8']))).toThrow(
      'settings: parameterPerturbation: expected two networks or more, as a mutant is ranked among others, got 1',
    );
  });
});
