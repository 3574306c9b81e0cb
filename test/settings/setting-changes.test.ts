import { afterEach, describe, expect, it } from 'vitest';
import { migrateSettings, SETTING_CHANGES, type SettingChange } from '../../src/settings/setting-changes.js';
import { parseSettings } from '../../src/settings/settings.js';

const CHANGES: readonly SettingChange[] = [
  { was: 'batch', now: 'batchSize' },
  { was: 'turbo' },
  { was: 'optimizer.decay', now: 'optimizer.weightDecay', convert: (value) => Number(value) / 2 },
  { was: 'smooth', now: 'labelSmoothing' },
];

describe('settings that were renamed or removed', () => {
  it('are read as what they meant', () => {
    const old = { batch: 16, turbo: true, optimizer: { name: 'sgd', decay: 0.1 }, seed: 3 };
    expect(migrateSettings(old, CHANGES)).toEqual({
      batchSize: 16,
      optimizer: { name: 'sgd', weightDecay: 0.05 },
      seed: 3,
    });
    expect(old.batch).toBe(16);
  });

  it('stay for the schema to refuse where the new name is there too', () => {
    const both = { batch: 16, batchSize: 32 };
    expect(migrateSettings(both, CHANGES)).toEqual(both);
  });

  it.each([undefined, null, 3, 'text', [1], { optimizer: null }, { optimizer: 'sgd' }])(
    'leave %o as it is',
    (input) => {
      expect(migrateSettings(input, CHANGES)).toEqual(input);
    },
  );
});

describe('settings of a file', () => {
  afterEach(() => {
    (SETTING_CHANGES as SettingChange[]).length = 0;
  });

  it('are migrated before they are checked', () => {
    expect(() => parseSettings({ batch: 16 }, 'a.json')).toThrow('unknown setting "batch"');
    (SETTING_CHANGES as SettingChange[]).push(...CHANGES);
    expect(parseSettings({ batch: 16, turbo: 1, smooth: 0.25 }, 'a.json')).toMatchObject({
      batchSize: 16,
      labelSmoothing: 0.25,
    });
    expect(() => parseSettings({ batch: 16, batchSize: 16 }, 'a.json')).toThrow('unknown setting "batch"');
    expect(parseSettings({ preset: 'dml', smooth: 0.5 }).labelSmoothing).toBe(0.5);
  });
});
