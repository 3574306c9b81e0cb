import type { Option } from 'commander';
import { SETTING_GROUPS } from '../../util/setting-meta.js';
import { suggestion } from '../../util/suggest.js';
import { failUsage } from '../io/usage-error.js';
import { type NumberRange, parseNumber } from './number-range.js';
import { WordOption } from './options.js';
import {
  describeSetting,
  SETTINGS,
  type SettingDescription,
  type SettingKind,
  type SettingPath,
} from './setting-schema.js';

type Group = (typeof SETTING_GROUPS)[number];

/** A flag that gives one setting. */
export interface SettingFlag {
  readonly group: Group;
  readonly flag: string;
  readonly path: SettingPath;
}

/** All flags that give settings, group by group, each in the order of the schema, which says what they take, do and have by default. */
export const SETTING_FLAGS: readonly SettingFlag[] = SETTING_GROUPS.flatMap((group) =>
  SETTINGS.flatMap(({ path, meta }) => (meta.flag && meta.group === group ? [{ group, flag: meta.flag, path }] : [])),
);

/** `--batch-size` of `--batch-size <n>`. */
export function nameOfFlag({ flag }: Pick<SettingFlag, 'flag'>): string {
  return flag.split(' ')[0] as string;
}

/** The flag as an option of a command. */
export function createOption(entry: SettingFlag): Option {
  const setting = describeSetting(entry.path);
  const option = new WordOption(entry.flag, describeFlag(setting), wordsFor(setting));
  return option.argParser((text) => parseValue(nameOfFlag(entry), text, setting));
}

/** The words that a flag takes. */
function wordsFor({ kind, meta }: SettingDescription): string[] {
  const words = kind.type === 'choice' ? kind.choices : 'words' in kind ? kind.words : [];
  return [...words, ...(meta.turnsOff ? ['none'] : [])];
}

/** Reads a flag's value. Errors name the flag, what it takes, and what was given. */
function parseValue(flag: string, text: string, { kind, meta }: SettingDescription): unknown {
  switch (kind.type) {
    case 'number':
      return parseNumber(flag, text, kind.range);
    case 'numbers':
      return parseNumbers(flag, text, kind);
    case 'number-or-word':
      return kind.words.includes(text) ? text : parseNumber(flag, text, kind.range, kind.words);
    case 'weights':
      return kind.words.includes(text) ? text : parseWeights(flag, text, kind);
    case 'pairs':
      return meta.turnsOff && text === 'none' ? text : parsePairs(flag, text);
    case 'texts':
      return listOf(flag, text);
    case 'choice':
      if (kind.choices.includes(text) || (meta.turnsOff && text === 'none')) return text;
      return failUsage(flag, `there is no "${text}"`, { hint: suggestion(text, kind.choices) });
    default:
      return text === '' ? failUsage(flag, 'bad value', { expected: 'a text', got: 'none' }) : text;
  }
}

/** `1,2,0.5` or `cat=2,dog=0.5`. */
function parseWeights(
  flag: string,
  text: string,
  { range, words }: { readonly range: NumberRange; readonly words: readonly string[] },
): number[] | Record<string, number> {
  const items = listOf(flag, text);
  const number = (item: string) => parseNumber(flag, item, range, [...words, 'a list', 'name=number']);
  if (!items.some((item) => item.includes('='))) return items.map(number);
  const split = (item: string) => {
    const at = item.lastIndexOf('=');
    const name = item.slice(0, at).trim();
    if (name === '') failUsage(flag, 'bad value', { expected: 'name=number', got: `"${item}"` });
    return [name, number(item.slice(at + 1))] as const;
  };
  return Object.fromEntries(items.map(split));
}

/** `resnet20=webgpu,1=cpu`: a name that is there twice is an error. */
function parsePairs(flag: string, text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const item of listOf(flag, text)) {
    const at = item.lastIndexOf('=');
    const [name, value] = [item.slice(0, Math.max(at, 0)).trim(), item.slice(at + 1).trim()];
    if (name === '' || value === '') failUsage(flag, 'bad value', { expected: 'name=value', got: `"${item}"` });
    if (Object.hasOwn(pairs, name)) failUsage(flag, `"${name}" is there twice`, { got: `"${text}"` });
    pairs[name] = value;
  }
  return pairs;
}

/** Numbers as a list: as many as there are ranges, or any number of them. */
function parseNumbers(
  flag: string,
  text: string,
  { range, ranges }: Extract<SettingKind, { type: 'numbers' }>,
): number[] {
  const items = listOf(flag, text);
  if (ranges && items.length !== ranges.length) {
    failUsage(flag, 'bad value', { expected: `${ranges.length} numbers, with commas between them`, got: `"${text}"` });
  }
  return items.map((item, i) => parseNumber(flag, item, ranges?.[i] ?? range));
}

/** The items of a list that was given to a flag. */
export function listOf(flag: string, text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) failUsage(flag, 'bad value', { expected: 'a list like a,b,c', got: `"${text}"` });
  return items;
}

/** `momentum (sgd: 0.9)`, `who teaches: argmin, all-better, top-k, all, none (argmin)`. */
function describeFlag({ kind, value, owners, meta }: SettingDescription): string {
  const { help = meta.description, otherwise, turnsOff } = meta;
  const choices = kind.type === 'choice' ? [...kind.choices, ...(turnsOff ? ['none'] : [])].join(', ') : '';
  const text = [help, choices].filter(Boolean).join(': ');
  if (kind.type === 'switch') return [text, ...owners.map(({ name }) => `(with ${name})`)].join(' ');
  const defaults = owners.map((owner) => `${owner.name}: ${formatDefault(owner.value)}`).join(', ');
  const usual = defaults || (otherwise ?? formatDefault(value));
  return usual === '' ? text : `${text} (${usual})`;
}

function formatDefault(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}
