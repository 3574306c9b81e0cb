import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CHANGEABLE } from '../../run/resumed-settings.js';
import type { SettingLayer } from '../../settings/explain.js';
import { FEATURES, missingFor } from '../../settings/modifiers.js';
import {
  parseRequested,
  parseSettings,
  type RequestedSettings,
  type Settings,
  type SettingsInput,
} from '../../settings/settings.js';
import { fail } from '../../util/error.js';
import { failUsage } from '../io/usage-error.js';
import { createOption, nameOfFlag, SETTING_FLAGS, type SettingFlag } from './setting-flags.js';
import { describeSetting, type SettingPath } from './setting-schema.js';

/** A flag that was given, and its value. */
export interface GivenFlag extends SettingFlag {
  readonly value: unknown;
}

type Section = Readonly<Record<string, unknown>>;

/** The settings of a run: those of a file, over the preset that a flag or the file names; and over them those of flags. */
export function mergeSettings(input: SettingsInput, given: readonly GivenFlag[]): RequestedSettings {
  const preset = given.find(({ path }) => path[0] === 'preset');
  refuseTwoWays(given);
  const merged: Record<string, unknown> = {
    ...startWith(preset ? { ...input, preset: preset.value as never } : input, given),
  };
  for (const { path, value } of given) if (path.length === 1) merged[path[0]] = value;
  for (const section of ['optimizer', 'schedule'] as const) {
    const own = given.filter(({ path }) => path.length === 2 && path[0] === section);
    if (own.length > 0) merged[section] = mergeSection(merged[section] as Section & { readonly name: string }, own);
  }
  for (const section of SECTIONS_OFF) {
    checkFeature(section, merged[section], given);
    for (const { path, value } of given.filter((flag) => flag.path[0] === section)) {
      merged[section] = withValue(merged[section], path.slice(1), value);
    }
  }
  return parseRequested(merged);
}

/** Sections that may be off. */
const SECTIONS_OFF = ['inputPerturbation', 'parameterPerturbation', 'teacher'] as const;

/** Fails for a flag that says how something goes which nothing turns on. */
function checkFeature(section: (typeof SECTIONS_OFF)[number], base: unknown, given: readonly GivenFlag[]): void {
  const { key, missing, hint } = FEATURES[section];
  const own = given.filter(({ path }) => path[0] === section);
  const [turning] = own.filter(({ path }) => path[1] === key);
  // How often images are perturbed is a modifier, how often parameters are is what turns that on
  const isOn = turning ? turning.value !== 'none' : base !== null && base !== undefined;
  const [modifier] = own.filter(({ path }) => path[1] !== key);
  if (modifier && !isOn) failUsage(nameOfFlag(modifier), missing, { hint });
}

/** Fails for a flag of the lessons that has no effect under the settings that came of it. */
export function checkModifiers(settings: RequestedSettings, given: readonly GivenFlag[]): void {
  for (const flag of given) {
    const needed = flag.path.length === 1 ? missingFor(flag.path[0], settings) : undefined;
    if (needed !== undefined) failUsage(nameOfFlag(flag), `goes with ${needed}`, { hint: WITHOUT_EFFECT });
  }
}

/** Fails for such a setting that a file has, unless it is the default. */
export function checkFileModifiers(path: string, file: SettingsInput, settings: RequestedSettings): void {
  const usual = parseSettings(file.preset ? { preset: file.preset, teacher: null } : {});
  for (const key of Object.keys(file) as (keyof Settings)[]) {
    const needed = isDeepStrictEqual(file[key], usual[key]) ? undefined : missingFor(key, settings);
    if (needed !== undefined) fail(path, `${key}: goes with ${needed}`, { hint: WITHOUT_EFFECT });
  }
}

const WITHOUT_EFFECT = 'It would have no effect: add that, or leave it out';

/** What each flag says, to explain settings by: `none` turns a whole section off. */
export function flagLayers(given: readonly GivenFlag[]): SettingLayer[] {
  return given.map((flag) => {
    const [section] = flag.path;
    const nested = flag.path.reduceRight<unknown>((value, key) => ({ [key]: value }), flag.value);
    const values = flag.path.length > 1 && flag.value === 'none' ? { [section]: null } : nested;
    return { values: values as SettingLayer['values'], sourceOf: () => nameOfFlag(flag) };
  });
}

/** The settings under the flags. A preset may lack what only a flag gives: its teacher. */
function startWith(input: SettingsInput, given: readonly GivenFlag[]): RequestedSettings {
  const model = given.find(({ path }) => path.join('.') === 'teacher.model')?.value;
  return parseRequested(
    model === undefined ? input : { ...input, teacher: { ...input.teacher, model: model as string } },
  );
}

/** When something fires is said in one of two ways. */
function refuseTwoWays(given: readonly GivenFlag[]): void {
  const when = given.filter(({ path }) => path[1] === 'when');
  for (const [i, flag] of when.entries()) {
    const other = when[i + 1];
    if (other?.path[0] !== flag.path[0]) continue;
    failUsage(nameOfFlag(flag), `can't go with ${nameOfFlag(other)}`, { hint: 'Leave one of them out' });
  }
}

/** A nested section with one value set; one that was off begins with its defaults. `none` turns it off. */
function withValue(section: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (value === 'none') return null;
  const own = (section ?? {}) as Section;
  // Two ways to say when something fires: the one that is given replaces what was there
  if (key === 'when') return { ...own, when: { [rest[0] as string]: value } };
  return { ...own, [key as string]: value };
}

/** An optimizer or schedule under flags. Another one than the file's begins with its own defaults. */
export function mergeSection(base: Section & { readonly name: string }, given: readonly GivenFlag[]): Section {
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
    return isGiven(key) ? [{ ...flag, value: settled(flag, options[key]) }] : [];
  });
}

/** A setting that a flag turns off with `none` is null; where that turns off a section, merging sees to it. */
function settled({ path }: SettingFlag, value: unknown): unknown {
  const turnsOff = path.length === 1 && describeSetting(path).meta.turnsOff;
  return turnsOff && value === 'none' ? null : value;
}

/** The settings with which a run goes on: its own, with those of {@link CHANGEABLE} as flags have them. Another flag may only repeat a value. */
export function goOnWith(folder: string, settings: Settings, given: readonly GivenFlag[]): RequestedSettings {
  const places = new Map<string, unknown>([
    ['teacher.model', settings.teacher],
    ['unlabelled', settings.unlabelled],
  ]);
  const isMoved = ({ path, value }: GivenFlag) =>
    (places.get(path.join('.')) ?? null) !== null && value !== 'none' && value !== null;
  const isFree = (flag: GivenFlag) => (CHANGEABLE as readonly string[]).includes(flag.path[0]) || isMoved(flag);
  for (const flag of given.filter((each) => !isFree(each))) checkRepeated(folder, settings, flag);
  return mergeSettings(settings, given.filter(isFree));
}

function checkRepeated(folder: string, settings: Settings, flag: GivenFlag): void {
  const own = valueAt(settings, flag.path);
  if (isDeepStrictEqual(own, flag.value)) return;
  if (isDeepStrictEqual(own, resolved(flag.value))) return;
  failUsage(nameOfFlag(flag), `the run in ${folder} has its own value`, {
    expected: format(own),
    got: format(flag.value),
    hint:
      'A run goes on with the settings that it began with, but for --data, --epochs (more), --patience and how it is computed: ' +
      `leave the flag out, or begin a new run, from its last checkpoint with --from ${folder}`,
  });
}

/** The path or the paths that a flag gives, absolute as a run keeps them. */
function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  return typeof value === 'string' ? resolve(value) : value;
}

function valueAt(settings: Settings, path: SettingPath): unknown {
  return path.reduce<unknown>((section, key) => (section as Section | null)?.[key], settings);
}

function format(value: unknown): string {
  return value === undefined || value === null ? 'none' : Array.isArray(value) ? value.join(',') : String(value);
}
