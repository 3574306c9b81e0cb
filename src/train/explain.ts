import { PRESETS } from './presets.js';
import type { Settings } from './settings.js';

/** A setting, its value, and where that comes from. */
export interface ExplainedSetting {
  /** `epochs`, `optimizer.lr`. */
  readonly path: string;
  readonly value: unknown;
  /** `paper`, `released code`, `DML`, `Hinton 2015`, `assumed`, `default`, or who gave it. */
  readonly source: string;
}

/** Values that were given by somebody, by the path of the setting: a file, a flag. */
export type GivenBy = ReadonlyMap<string, string>;

/** Every setting of a run with where it comes from: who gave it, else the preset's source, else the default. */
export function explainSettings(settings: Settings, given: GivenBy): ExplainedSetting[] {
  const preset = settings.preset === null ? undefined : PRESETS[settings.preset];
  return flatten(settings).map(({ path, value }) => {
    const stated = preset?.[path.split('.')[0] as keyof typeof preset];
    const inPreset = stated && sameLeaf(stated.value, path, value);
    return { path, value, source: givenBy(given, path) ?? (inPreset ? stated.source : 'default') };
  });
}

/** Whoever gave the setting, or the section that it is in. */
function givenBy(given: GivenBy, path: string): string | undefined {
  const parts = path.split('.');
  const prefixes = parts.map((_, i) => parts.slice(0, parts.length - i).join('.'));
  const known = prefixes.find((prefix) => given.has(prefix));
  return known && given.get(known);
}

function sameLeaf(section: unknown, path: string, value: unknown): boolean {
  const leaf = flatten({ [path.split('.')[0] as string]: section }).find((each) => each.path === path);
  return leaf !== undefined && JSON.stringify(leaf.value) === JSON.stringify(value);
}

/** All values of nested settings by path; lists are values. */
export function flatten(section: object, prefix = ''): { readonly path: string; readonly value: unknown }[] {
  return Object.entries(section).flatMap(([key, value]) => {
    const path = prefix + key;
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
    return nested ? flatten(value as object, `${path}.`) : [{ path, value: value as unknown }];
  });
}
