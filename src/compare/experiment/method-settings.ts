import { isDeepStrictEqual } from 'node:util';
import { flatten } from '../../settings/explain.js';
import { METHOD_KEYS } from '../../settings/presets.js';
import { COMPUTING_KEYS, type Settings } from '../../settings/settings.js';
import { keysOf } from '../../util/checked.js';

/** What makes a method, and what else the methods of a comparison don't share; with the preset that it started from. */
export type MethodSettings = Readonly<Partial<Settings>>;

/** What isn't a method's: the group's networks, the seed, and how a run is computed. */
const OTHERS = new Set<string>(['preset', 'nets', 'seed', ...COMPUTING_KEYS]);

/** What there is to say of each method, given all settings of one of its runs: the same keys for all. */
export function methodSettings(all: readonly Settings[]): MethodSettings[] {
  const keys = new Set<keyof Settings>(['preset', ...METHOD_KEYS]);
  if (all.some(({ rule }) => rule === 'top-k')) keys.add('topK');
  for (const key of differingKeys(all)) keys.add(key);
  return all.map((settings) => Object.fromEntries([...keys].map((key) => [key, settings[key]])));
}

/** The settings in which methods differ. */
export function differingKeys(all: readonly MethodSettings[]): (keyof Settings)[] {
  const keys = new Set(all.flatMap((settings) => keysOf(settings)));
  const differ = (key: keyof Settings) => all.some((settings) => !isDeepStrictEqual(settings[key], all[0]?.[key]));
  return [...keys].filter((key) => !OTHERS.has(key) && differ(key));
}

/** `0.5`, `none`, `pool paper, when.every 1`. */
export function formatSetting(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value !== 'object' || Array.isArray(value)) return Array.isArray(value) ? value.join(' ') : String(value);
  return flatten(value)
    .map((each) => `${each.path} ${formatSetting(each.value)}`)
    .join(', ');
}
