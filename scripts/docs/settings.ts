import { describeRange } from '../../src/cli/flags/number-range.js';
import { type Owner, SETTINGS, type SettingDescription } from '../../src/cli/flags/setting-schema.js';
import { SETTING_GROUPS, type SettingMeta } from '../../src/util/setting-meta.js';
import { markdownTable } from './table.js';

const HEAD = `<!-- Made by \`npm run docs\`. -->
# Settings

Every setting of a training run. A file of settings (\`agon train --config FILE\`, the \`config.json\` of a run, \`base\` and the methods of an
experiment) is JSON or YAML with these names, those after a dot inside an object: \`{"epochs": 30, "optimizer": {"name": "adamw", "lr": 0.002}}\`. What a
file leaves out is as its preset has it, else the default. A flag overrides the file. \`agon train --schema\` prints the JSON Schema, by which editors
complete and check such a file: write it to a file, and name that in the settings as \`"$schema"\`.
`;

const COLUMNS = ['setting', 'flag', 'takes', 'default', 'what it does'];
const NOTHING = '–';

/** `docs/settings.md`. */
export function settingsPage(): string {
  const tables = SETTING_GROUPS.map((group) => {
    const rows = SETTINGS.filter((setting) => groupOf(setting) === group).flatMap(rowsOf);
    return `## ${group}\n\n${markdownTable(COLUMNS, rows)}\n`;
  });
  return [HEAD, ...tables].join('\n');
}

/** Its own, or that of the first flag of its section. */
function groupOf({ path: [section], meta }: SettingDescription): SettingMeta['group'] {
  return meta.group ?? SETTINGS.find(({ path, meta: other }) => path[0] === section && other.group)?.meta.group;
}

/** A setting of several choices has a row for each, as their defaults differ. */
function rowsOf(setting: SettingDescription): string[][] {
  const name = code(setting.path.join('.'));
  if (setting.owners.length === 0) return [rowOf(name, setting, setting)];
  return setting.owners.map((owner) => rowOf(`${name} of ${code(owner.name)}`, setting, owner));
}

function rowOf(name: string, setting: SettingDescription, { value, meta }: Pick<Owner, 'value' | 'meta'>): string[] {
  const flag = meta.flag === undefined ? NOTHING : code(meta.flag);
  return [name, flag, takes(setting), defaultOf(value, meta), meta.description ?? ''];
}

/** What a setting's value may be, in words. */
function takes(setting: SettingDescription): string {
  return setting.value === null ? `${valuesOf(setting)}, or \`null\`` : valuesOf(setting);
}

function valuesOf({ path, kind }: SettingDescription): string {
  const inner = SETTINGS.some(
    (other) => other.path.length > path.length && path.every((key, i) => other.path[i] === key),
  );
  switch (kind.type) {
    case 'number':
      return describeRange(kind.range);
    case 'number-or-word':
      return [describeRange(kind.range), ...kind.words.map(code)].join(', ');
    case 'weights':
      return [...kind.words.map(code), `a list or an object, each ${describeRange(kind.range)}`].join(', ');
    case 'numbers':
      return `a list, each ${describeRange(kind.range)}`;
    case 'choice':
      return [...kind.choices.map(code), ...(inner ? ['an object'] : [])].join(', ');
    case 'switch':
      return '`true`, `false`';
    case 'texts':
      return 'a list';
    case 'pairs':
      return 'an object of texts';
    case 'text':
      return 'a text';
    case 'section':
      return 'an object';
  }
}

function defaultOf(value: unknown, { otherwise }: SettingMeta): string {
  if (value !== undefined) return code(JSON.stringify(value));
  return otherwise || NOTHING;
}

function code(text: string): string {
  return `\`${text}\``;
}
