import { isSection, layOver, METHOD_KEYS, mergeSection, SECTIONS } from '../../settings/presets.js';
import { parseSettings, type Settings } from '../../settings/settings.js';
import { fail } from '../../util/error.js';
import type { Experiment } from './experiment.js';

type Raw = Readonly<Record<string, unknown>>;

const isMethodKey = (key: string) => METHOD_KEYS.some((own) => own === key);

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
  const given = layOver({ tune: false }, base);
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
    const isOverridden = (own: Raw) => own.preset !== undefined && (own[key] === undefined || isSection(own[key]));
    const [name, own] = Object.entries(methods).find(([, each]) => isOverridden(each)) ?? [];
    if (name === undefined || !own) continue;
    const example = JSON.stringify({ [name]: { ...own, [key]: mergeSection(base[key], own[key]) } });
    fail(`${where}: base`, `"${key}" would be overridden by the preset of method "${name}"`, {
      hint: `Put it under the methods that are to have it: "methods": ${example}`,
    });
  }
}

function named(methods: Experiment['methods']): [string, Raw][] {
  return Object.entries(methods).map(([name, own]) => [`method "${name}"`, own]);
}

/** Settings over others. */
function over(base: Raw, own: Raw): Raw {
  const sections = SECTIONS.map((key) => [key, mergeSection(base[key], own[key])]);
  return { ...layOver(base, own), ...Object.fromEntries(sections) };
}

function pick(settings: Raw, isWanted: (key: string) => boolean): Raw {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => isWanted(key)));
}
