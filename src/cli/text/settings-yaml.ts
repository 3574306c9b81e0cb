import { stringify } from 'yaml';
import type { Recipe } from '../../recipe/recipe.js';
import type { RequestedSettings } from '../../settings/settings.js';
import { FORMATS } from '../../util/formats/formats.js';
import { SETTING_GROUPS } from '../../util/setting-meta.js';
import { nameOfFlag } from '../flags/setting-flags.js';
import { SETTINGS, type SettingDescription } from '../flags/setting-schema.js';

/** What every configuration says, whatever it is. */
const ALWAYS: readonly (keyof RequestedSettings)[] = [
  'data',
  'nets',
  'epochs',
  'batchSize',
  'optimizer',
  'schedule',
  'seed',
];

const COLUMNS = 100;

/** What a commented configuration is made from. */
export interface SettingsText {
  /** All settings. */
  readonly settings: RequestedSettings;
  /** Those that were given. */
  readonly given: readonly string[];
  /** Those that were chosen for the data. */
  readonly recipe?: Recipe | undefined;
  /** What stands at the top. */
  readonly head: readonly string[];
}

/** A configuration as YAML: what was given or chosen, with its reason, and all other settings as comments with their defaults. */
export function settingsYaml({ settings, given, recipe, head }: SettingsText): string {
  const reasons = new Map(Object.entries(recipe?.choices ?? {}).map(([key, choice]) => [key, choice.why]));
  const active = new Set<string>([...ALWAYS, ...given, ...reasons.keys()]);
  const top = topSettings();
  const blockOf = (setting: TopSetting) => {
    const key = setting.key;
    const value = settings[key as keyof RequestedSettings];
    const said = active.has(key) && value !== undefined;
    const why = reasons.get(key);
    const texts = [setting.text, ...(why === undefined ? [] : [`Chosen: ${why}.`])];
    return said ? [...comment(texts), ...entry(key, value)] : [...comment(texts), `#${setting.line}`];
  };
  const groups = SETTING_GROUPS.flatMap((group) => {
    const members = top.filter((setting) => setting.group === group);
    const first = members.filter(({ key }) => active.has(key));
    const others = members.filter(({ key }) => !active.has(key));
    return [`# ---- ${group} ----`, '', ...[...first, ...others].flatMap((each) => [...blockOf(each), ''])];
  });
  return [...head.map((line) => `# ${line}`), `version: ${FORMATS.config.version}`, '', ...groups].join('\n');
}

interface TopSetting {
  readonly key: string;
  readonly group: string;
  readonly text: string;
  /** What stands there where nothing is said. */
  readonly line: string;
}

/** The settings on their first level, each with what it does. */
function topSettings(): TopSetting[] {
  const keys = [...new Set(SETTINGS.map(({ path }) => path[0]))];
  return keys.flatMap((key) => {
    const own = SETTINGS.filter(({ path }) => path[0] === key);
    const described = own.find(({ path, meta }) => path.length === 1 && meta.description) ?? own[0];
    const group = own.find(({ meta }) => meta.group)?.meta.group;
    if (!described || group === undefined) return [];
    return [{ key, group, text: sentence(own, described), line: defaultLine(key, described) }];
  });
}

/** `who teaches: argmin, all-better, top-k, all, none (--rule)` */
function sentence(own: readonly SettingDescription[], { meta, kind }: SettingDescription): string {
  const flags = own.flatMap(({ meta: { flag, group } }) => (flag && group ? [nameOfFlag({ flag })] : []));
  const choices = kind.type === 'choice' && !meta.description?.includes('`') ? `: ${kind.choices.join(', ')}` : '';
  return `${meta.description ?? meta.help ?? ''}${choices}${flags.length > 0 ? ` (${flags.join(', ')})` : ''}`;
}

/** `size: <pixels>`, `mixup: 0` */
function defaultLine(key: string, { value, meta }: SettingDescription): string {
  if (value === undefined) return `${key}: ${meta.flag?.split(' ')[1] ?? '...'}`;
  return `${key}: ${JSON.stringify(value)}`;
}

function entry(key: string, value: unknown): string[] {
  return stringify({ [key]: value }, { lineWidth: 0 })
    .trimEnd()
    .split('\n');
}

/** Texts as lines of comments. */
function comment(texts: readonly string[]): string[] {
  return texts.flatMap((text) => {
    const lines: string[] = [];
    for (const word of text.split(' ')) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= COLUMNS) lines.splice(-1, 1, `${last} ${word}`);
      else lines.push(`# ${word}`);
    }
    return lines;
  });
}
