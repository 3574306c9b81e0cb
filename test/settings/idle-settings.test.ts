import { describe, expect, it } from 'vitest';
import { createNetwork } from '../../src/nets/registry.js';
import { idleSettings } from '../../src/settings/idle-settings.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';
import { eventsOf, RESNET, runHere, smallData, smallSettings, WIDER } from '../run/runs.js';

const graphOf = ({ widths }: typeof RESNET) =>
  createNetwork(
    { family: 'resnet-cifar', blocks_per_stage: 1, widths },
    { classes: 3, channels: 1, height: 8, width: 8 },
  );
const [alike, unlike] = [[RESNET, RESNET].map(graphOf), [RESNET, WIDER].map(graphOf)];
const idle = (input: SettingsInput, graphs = alike, ownValidation = false) =>
  idleSettings(parseSettings(input), { graphs, totalSteps: 30, ownValidation });

describe('a setting without effect', () => {
  it.each<[SettingsInput, string[]]>([
    [{ rule: 'none', beta: 1 }, ['beta 1 has no effect: nobody teaches with the rule none']],
    [{ rule: 'none', alpha: 2, temperature: 4, teacher: { model: 'x' } }, ['alpha 2', 'temperature 4']],
    [{ nets: ['resnet8'], beta: 0.5 }, ['beta 0.5 has no effect: nobody teaches with a network alone']],
    [{ topK: 2 }, ['topK 2 has no effect: the rule is argmin']],
    [{ alpha: 0, temperature: 2 }, ['temperature 2 has no effect: alpha is 0']],
    [{ featureProjection: true }, ['featureProjection true has no effect: beta is 0: features are not compared']],
    [{ featureReduction: 'sum' }, ['featureReduction sum has no effect: beta is 0']],
    [{ parameterPerturbation: { when: { every: 2 }, window: 31 } }, ['parameterPerturbation.window 31 is longer than']],
    [
      { parameterPerturbation: { when: { every: 31 }, window: 40 } },
      ['parameterPerturbation.when.every: it never fires'],
    ],
    [{ inputPerturbation: { pool: 'paper', when: { every: 31 } } }, ['inputPerturbation.when.every: it never fires']],
    [{ patience: 9 }, ['patience 9 has no effect: the run has 10 epochs']],
    [{ patience: 2, validation: 0 }, ['patience 2 has no effect: nothing is held out']],
    [
      { schedule: { name: 'plateau', patience: 8 } },
      ['schedule.patience 8: the learning rate never falls, as the run has 10 epochs'],
    ],
    [{ patience: 8, schedule: { name: 'plateau', patience: 7 } }, []],
    [{ colorJitter: [0, 0, 0, 0] }, ['colorJitter 0, 0, 0, 0 has no effect: nothing is changed by it']],
    // The networks here are for grey images
    [{ colorJitter: [0, 0, 0.4, 0.1] }, ['colorJitter 0, 0, 0.4, 0.1 has no effect: the images are grey']],
    [{ colorJitter: [0.4, 0, 0.4, 0] }, ['its saturation and hue have no effect: the images are grey']],
    [
      { preset: 'dml', epochs: 60 },
      ['schedule.milestones 60, 120, 180: the learning rate never falls, as the run has 60'],
    ],
    [{ accumulate: 31 }, ['accumulate 31: no update comes about, as the run has 30 steps']],
    [
      { accumulate: 2 },
      ['accumulate 2 is not quite a batch of 256: BatchNormalization takes its statistics from the 128'],
    ],
    [
      { normWeightDecay: false, optimizer: { name: 'sgd', weightDecay: 0 } },
      ['normWeightDecay false has no effect: there is no weight decay'],
    ],
    [{ ema: 0.9, validation: 0 }, ['ema 0.9 has no effect: nothing is held out']],
    [{ freeze: 'layer1' }, ['freeze layer1: the frozen layers stay at the random weights that they begin with']],
  ])('%j is told', (input, expected) => {
    const messages = idle(input);
    expect(messages).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

  it('is told of a share to hold out where the data set has a validation split', () => {
    expect(idle({ validation: 0 }, alike, true)).toEqual([expect.stringContaining('validation 0 has no effect')]);
    expect([idle({ validation: 0 }), idle({}, alike, true)]).toEqual([[], []]);
  });

  it('counts one epoch as one', () => {
    expect(idle({ preset: 'dml', epochs: 1 })).toContainEqual(expect.stringMatching(/as the run has 1 epoch$/));
  });

  it('is told of crossover where no two networks are alike', () => {
    const settings: SettingsInput = { parameterPerturbation: { when: { every: 2 } } };
    expect(idle(settings)).toEqual([]);
    expect(idle(settings, unlike)).toEqual([
      expect.stringContaining('parameterPerturbation.crossover 0.5 has no effect'),
    ]);
    expect(idle({ parameterPerturbation: { when: { every: 2 }, crossover: 0 } }, unlike)).toEqual([]);
  });

  it.each<SettingsInput>([
    {},
    { freeze: 'backbone', pretrained: ['a.safetensors'] },
    { nets: ['resnet8'] },
    { rule: 'none' },
    // As comparisons give it
    { rule: 'none', alpha: 0 },
    { preset: 'independent' },
    { preset: 'cd-paper' },
    { preset: 'cd-paper', nets: ['resnet8'] },
    { rule: 'top-k', topK: 1 },
    { beta: 1, featureProjection: true, featureReduction: 'sum', temperature: 2 },
    { preset: 'dml', epochs: 61 },
    { parameterPerturbation: { when: { probability: 0.01 }, window: 30 } },
  ])('is not told of what nobody chose, or of what has an effect: %j', (input) => {
    expect(idle(input)).toEqual([]);
  });

  it('is a warning at the start of a run', async () => {
    const { events } = await runHere(smallSettings(await smallData(), { rule: 'none', temperature: 3, epochs: 1 }));
    const messages = eventsOf(events, 'warning').map(({ message }) => message);
    expect(messages).toEqual(['temperature 3 has no effect: nobody teaches with the rule none']);
  });
});
