import { isDeepStrictEqual } from 'node:util';
import { parseSettings, type Settings } from '../train/settings.js';
import { createOption, nameOfFlag, SETTING_FLAGS, type SettingFlag } from './setting-flags.js';
import { describeSetting, type SettingPath } from './setting-schema.js';
import { failUsage } from './usage-error.js';

/** A flag that was given, and its value. */
export interface GivenFlag extends SettingFlag {
  readonly value: unknown;
}

type Section = Readonly<Record<string, unknown>>;

/** The settings of a run: those of a file (already complete), and over them those that flags gave. */
export function mergeSettings(base: Settings, given: readonly GivenFlag[]): Settings {
  const merged: Record<string, unknown> = { ...base };
  for (const { path, value } of given) if (path.length === 1) merged[path[0]] = value;
  for (const section of ['optimizer', 'schedule'] as const) {
    const own = given.filter(({ path }) => path.length === 2 && path[0] === section);
    if (own.length > 0) merged[section] = mergeSection(base[section], own);
  }
  return parseSettings(merged);
}

/** Another optimizer or schedule than the file's begins with its own defaults. */
function mergeSection(base: Section & { readonly name: string }, given: readonly GivenFlag[]): Section {
  const chosen = given.find(({ path }) => path[1] === 'name')?.value ?? base.name;
  const kept = chosen === base.name ? base : { name: chosen };
  const entries = given.filter(({ path }) => path[1] !== 'name');
  for (const flag of entries) checkOwner(flag, String(chosen));
  return { ...kept, ...Object.fromEntries(entries.map(({ path, value }) => [path[1] as string, value])) };
}

function checkOwner(flag: GivenFlag, chosen: string): void {
  const owners = describeSetting(flag.path).owners.map(({ name }) => name);
  if (owners.includes(chosen)) return;
  const section = flag.path[0];
  failUsage(nameOfFlag(flag), `goes with --${section} ${owners.join(' or ')}`, { got: `--${section} ${chosen}` });
}

/** The flags among a command's options that give settings. */
export function givenFlags(options: Readonly<Record<string, unknown>>, isGiven: (key: string) => boolean): GivenFlag[] {
  return SETTING_FLAGS.flatMap((flag) => {
    const key = createOption(flag).attributeName();
    return isGiven(key) ? [{ ...flag, value: options[key] }] : [];
  });
}

/** A resumed run keeps its settings: a flag that says otherwise is an error. */
export function checkUnchanged(folder: string, settings: Settings, given: readonly GivenFlag[]): void {
  for (const flag of given) {
    const own = valueAt(settings, flag.path);
    if (isDeepStrictEqual(own, flag.value)) continue;
    failUsage(nameOfFlag(flag), `the run in ${folder} has its own value`, {
      expected: format(own),
      got: format(flag.value),
      hint: 'A run goes on with the settings that it began with: leave the flag out, or begin a new run',
    });
  }
}

function valueAt(settings: Settings, [section, key]: SettingPath): unknown {
  const value = (settings as Section)[section];
  return key === undefined ? value : (value as Section)[key];
}

function format(value: unknown): string {
  return value === undefined ? 'none' : Array.isArray(value) ? value.join(',') : String(value);
}
