import { METHOD_KEYS } from '../train/presets.js';
import { parseSettings, type Settings } from '../train/settings.js';
import { fail } from '../util/error.js';
import type { Experiment } from './experiment.js';

type Raw = Readonly<Record<string, unknown>>;

/** Settings that a file may state in part: what isn't stated stays what it was beneath. */
const SECTIONS = ['optimizer', 'schedule', 'teacher', 'inputPerturbation'] as const;
const isMethodKey = (key: string) => (METHOD_KEYS as readonly string[]).includes(key);

/**
 * The settings of a method's runs but for networks and seed. From the strongest: what the method says itself, what makes
 * its preset's method, `base`, with the protocol `preset` what else the preset states, the defaults.
 */
export function settleMethod(
  { protocol, base }: Pick<Experiment, 'protocol' | 'base'>,
  { preset, ...own }: Raw,
  where: string,
  name: string,
): Settings {
  const at = `${where}: method "${name}"`;
  const given = { tune: false, ...base };
  if (preset !== undefined && protocol === 'preset') return parseSettings({ ...over(given, own), preset }, at);
  const shared = parseSettings(given, `${where}: base`);
  if (preset === undefined) return parseSettings(over(shared, own), at);
  // Complete, so that nothing of the preset's own protocol is left to fill in.
  const around = parseSettings(
    over(
      shared,
      pick(own, (key) => !isMethodKey(key)),
    ),
    at,
  );
  return parseSettings({ ...pick(around, (key) => !isMethodKey(key)), preset, ...pick(own, isMethodKey) }, at);
}

/** Fails for settings that would be overridden without a word: where they are, something else decides. */
export function checkPlaces({ base, methods }: Pick<Experiment, 'base' | 'methods'>, where: string): void {
  for (const [place, settings] of [['base', base] as const, ...named(methods)]) {
    for (const [key, section] of [['nets', 'groups'] as const, ['seed', 'seeds'] as const]) {
      if (settings[key] === undefined) continue;
      fail(`${where}: ${place}`, `"${key}" can't be set here`, { hint: `Name them in "${section}"` });
    }
  }
  if (base.preset !== undefined) {
    const hint = `Put it under a method: "methods": {"x": {"preset": ${JSON.stringify(base.preset)}}}`;
    fail(`${where}: base`, '"preset" makes a method, and can\'t be set for all', { hint });
  }
  for (const key of Object.keys(base).filter(isMethodKey)) {
    const overridden = Object.entries(methods).find(([, own]) => own.preset !== undefined && own[key] === undefined);
    if (!overridden) continue;
    const [name, own] = overridden;
    const example = JSON.stringify({ [name]: { ...own, [key]: base[key] } });
    fail(`${where}: base`, `"${key}" would be overridden by the preset of method "${name}"`, {
      hint: `Put it under the methods that are to have it: "methods": ${example}`,
    });
  }
}

function named(methods: Experiment['methods']): [string, Raw][] {
  return Object.entries(methods).map(([name, own]) => [`method "${name}"`, own]);
}

/** Settings over others. A section keeps what isn't given, unless it is about another choice (`name`). */
function over(base: Raw, own: Raw): Raw {
  const merged: Record<string, unknown> = { ...base, ...own };
  for (const key of SECTIONS) {
    const [beneath, above] = [base[key], own[key]];
    if (!isSection(beneath) || !isSection(above)) continue;
    if (above.name === undefined || above.name === beneath.name) merged[key] = { ...beneath, ...above };
  }
  return merged;
}

function pick(settings: Raw, isWanted: (key: string) => boolean): Raw {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => isWanted(key)));
}

function isSection(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
