import { isSection, PRESETS, presetValues } from './presets.js';
import type { RequestedSettings } from './settings.js';

/** A setting, its value, and where that comes from. */
export interface ExplainedSetting {
  /** `epochs`, `optimizer.lr`. */
  readonly path: string;
  readonly value: unknown;
  /** `paper`, `released code`, `DML`, `Hinton 2015`, `assumed`, `default`, or who gave it. */
  readonly source: string;
}

/** Settings that somebody gives over those of the layers before: a file, flags. */
export interface SettingLayer {
  readonly values: Readonly<Record<string, unknown>>;
  /** Who gives the value at a path: the file's name, the flag's. */
  readonly sourceOf: (path: string) => string;
}

/** Every setting of a run with where it comes from: the last of the layers that gives it, else the preset, else the default. */
export function explainSettings(settings: RequestedSettings, layers: readonly SettingLayer[]): ExplainedSetting[] {
  const stated: Stated = new Map();
  for (const layer of [...presetLayers(settings), ...layers]) addLayer(stated, layer);
  return flatten(settings).map(({ path, value }) => ({ path, value, source: stated.get(path)?.source ?? 'default' }));
}

/** What layers state, by path. */
type Stated = Map<string, { readonly value: unknown; readonly source: string }>;

function presetLayers({ preset }: RequestedSettings): SettingLayer[] {
  if (preset === null) return [];
  const stated = PRESETS[preset];
  const sourceOf = (path: string) => stated[path.split('.')[0] as keyof typeof stated].source;
  return [{ values: presetValues(preset), sourceOf }];
}

/** What of a section stays when a layer is put over it is as the settings are merged (`withPreset`, `mergeSettings`). */
function addLayer(stated: Stated, { values, sourceOf }: SettingLayer): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if (replacesWhole(stated, key, value)) forget(stated, key);
    // One that was off
    stated.delete(key);
    if (isSection(value) && value.when !== undefined) forget(stated, `${key}.when`);
  }
  for (const { path, value } of flatten(values)) {
    if (value !== undefined) stated.set(path, { value, source: sourceOf(path) });
  }
}

/** Settings whose keys are names that a user gives. */
const BY_NAME = ['classWeights', 'place'];

/** Whether nothing of a section stays: it is off, it is about another choice, or it isn't merged at all. */
function replacesWhole(stated: Stated, key: string, value: unknown): boolean {
  if (!isSection(value) || key === 'augmentation' || BY_NAME.includes(key)) return true;
  return value.name !== undefined && value.name !== stated.get(`${key}.name`)?.value;
}

function forget(stated: Stated, section: string): void {
  for (const path of [...stated.keys()]) if (path.startsWith(`${section}.`)) stated.delete(path);
}

/** All values of nested settings by path; lists are values. */
export function flatten(section: object, prefix = ''): { readonly path: string; readonly value: unknown }[] {
  return Object.entries(section).flatMap(([key, value]) => {
    const path = prefix + key;
    return isSection(value) ? flatten(value, `${path}.`) : [{ path, value: value as unknown }];
  });
}
