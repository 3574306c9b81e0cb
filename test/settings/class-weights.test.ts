import { describe, expect, it } from 'vitest';
import type { Split } from '../../src/data/dataset/dataset.js';
import { balanceNotes, classWeightsOf } from '../../src/settings/class-weights.js';
import { checkSettings, parseSettings, type SettingsInput } from '../../src/settings/settings.js';

const dataOf = (...labels: number[]) => {
  const train: Split = { length: labels.length, labels: Int32Array.from(labels), source: { kind: 'files', paths: [] } };
  return { classes: ['bus', 'car', 'van', 'toString'], train };
};
const UNEVEN = dataOf(0, 0, 0, 0, 0, 0, 1, 1, 2);
const weights = (classWeights: SettingsInput['classWeights'], data = UNEVEN) =>
  classWeightsOf(parseSettings({ classWeights }), data);

describe('class weights', () => {
  it('are those of scikit-learn where they are to be balanced', () => {
    // compute_class_weight('balanced', classes=[0, 1, 2], y=[0, 0, 0, 0, 0, 0, 1, 1, 2]), and no image of the last class
    expect(weights('balanced')).toEqual([0.5, 1.5, 3, 1]);
    expect(weights('none')).toBeUndefined();
  });

  it('are those that are given, in a list or by name', () => {
    expect(weights([1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
    expect(weights({ van: 0.25, bus: 2 })).toEqual([2, 1, 0.25, 1]);
  });

  it('that fit no class are an error', () => {
    expect(() => weights([1, 2])).toThrow(
      'classWeights: expected a weight for each of the 4 classes of the data, got 2.',
    );
    expect(() => weights({ cart: 2 })).toThrow('there is no class "cart". Did you mean "car"?');
    expect(() => weights([1, 0, 1, 1])).toThrow('classWeights.1: expected number to be >0, got 0');
    expect(() => weights('even' as never)).toThrow('classWeights: expected "none", "balanced", a list of weights');
  });

  it('that even out what is even, or do it twice, are told of', () => {
    const notes = (input: SettingsInput, data = UNEVEN) => balanceNotes(parseSettings(input), data);
    const both: SettingsInput = { classWeights: 'balanced', sampler: 'balanced' };
    expect(notes(both)).toEqual([expect.stringContaining('both even the classes out')]);
    expect(notes(both, dataOf(0, 1, 2, 3))).toEqual([
      expect.stringContaining('classWeights balanced has no effect'),
      expect.stringContaining('sampler balanced has hardly any effect'),
    ]);
    expect([notes({}), notes({ classWeights: 'balanced' }), notes({ classWeights: { car: 2 } })]).toEqual([[], [], []]);
  });

  it('are refused where images have several classes, as is the balanced sampler', () => {
    const check = (input: SettingsInput) => () => checkSettings(parseSettings({ task: 'multi-label', ...input }));
    expect(check({})).not.toThrow();
    expect(check({ classWeights: { car: 2 } })).toThrow(
      /classWeights with task multi-label.*got \{"car":2\}\. Leave out/,
    );
    expect(check({ classWeights: 'balanced' })).toThrow('classWeights with task multi-label');
    expect(check({ sampler: 'balanced' })).toThrow('sampler with task multi-label');
  });
});
