import { z } from 'zod';
import { settingsSchema } from '../../settings/settings.js';
import type { SettingMeta } from '../../util/setting-meta.js';
import type { NumberRange } from './number-range.js';

/** Where a setting is: `['epochs']`, `['optimizer', 'lr']`, `['inputPerturbation', 'when', 'every']`. */
export type SettingPath = readonly [string, ...string[]];

/** What a setting's value is. A `section` has settings of its own. */
export type SettingKind =
  | { readonly type: 'number'; readonly range: NumberRange }
  /** The range of all or of the first, and those of each where there is a fixed number of them. */
  | { readonly type: 'numbers'; readonly range: NumberRange; readonly ranges?: readonly NumberRange[] }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** A number, or one of some words. */
  | { readonly type: 'number-or-word'; readonly words: readonly string[]; readonly range: NumberRange }
  /** Numbers in a list or by name, or one of some words. */
  | { readonly type: 'weights'; readonly words: readonly string[]; readonly range: NumberRange }
  /** Texts by name. */
  | { readonly type: 'pairs'; readonly words: readonly string[] }
  | { readonly type: 'text' | 'texts' | 'switch' | 'section' };

/** A setting as the schema of all settings describes it: the one place of types, ranges, defaults, flags and texts. */
export interface SettingDescription {
  readonly path: SettingPath;
  readonly kind: SettingKind;
  /** The default; undefined where there is none. */
  readonly value: unknown;
  /** For a setting that belongs to one or some of several choices (`momentum` to `sgd`): these, each with its default and texts. */
  readonly owners: readonly Owner[];
  readonly meta: SettingMeta;
}

export interface Owner {
  readonly name: string;
  readonly value: unknown;
  readonly meta: SettingMeta;
}

type Schema = z.core.JSONSchema.BaseSchema;

/** All settings, in the schema's order, each section before its own settings. */
export const SETTINGS: readonly SettingDescription[] = Object.entries(
  (z.toJSONSchema(settingsSchema) as Schema).properties ?? {},
).flatMap(([key, schema]) => (typeof schema === 'object' ? describe([key], schema) : []));

/** Looks a setting up. */
export function describeSetting(path: SettingPath): SettingDescription {
  const found = SETTINGS.find((setting) => setting.path.join('.') === path.join('.'));
  if (!found) throw new Error(`internal error: there is no setting ${path.join('.')}`);
  return found;
}

/** The setting at a path, and those in it. */
function describe(path: SettingPath, schema: Schema): SettingDescription[] {
  const own = { value: schema.default, owners: [], meta: metaOf(schema) };
  const objects = [schema, ...alternativesOf(schema)].filter(({ properties }) => properties);
  if (objects.some((each) => nameOf(each) !== undefined)) {
    const choices = objects.map((each) => String(nameOf(each)));
    const value = (schema.default as { readonly name?: unknown } | undefined)?.name;
    return [
      { ...own, path: [...path, 'name'], kind: { type: 'choice', choices }, value },
      ...describeOwned(path, objects),
    ];
  }
  const inner = objects.flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([key, each]) =>
      typeof each === 'object' ? describe([...path, key], each) : [],
    ),
  );
  return [{ ...own, path, kind: kindOf(schema) }, ...inner];
}

/** The settings of choices that go by a name; each with the choices that have it. */
function describeOwned(path: SettingPath, choices: readonly Schema[]): SettingDescription[] {
  const keys = new Set(choices.flatMap(({ properties = {} }) => Object.keys(properties)));
  keys.delete('name');
  return [...keys].flatMap((key) => {
    const found = choices.flatMap((choice) => {
      const own = propertyOf(choice, key);
      return own ? [{ name: String(nameOf(choice)), own }] : [];
    });
    const owners = found.map(({ name, own }) => ({ name, value: own.default, meta: metaOf(own) }));
    const [first] = found;
    if (!first) return [];
    return [{ path: [...path, key], kind: kindOf(first.own), value: undefined, owners, meta: metaOf(first.own) }];
  });
}

function metaOf(schema: Schema): SettingMeta {
  const { description, flag, group, help, otherwise, rare, turnsOff } = schema as Schema & SettingMeta;
  return { description, flag, group, help, otherwise, rare, turnsOff };
}

function kindOf(schema: Schema): SettingKind {
  const alternatives = alternativesOf(schema);
  const [only, ...others] = alternatives.filter(({ type }) => type !== 'null');
  if (only && others.length === 0) return kindOf(only);
  const constants = alternatives.flatMap(({ const: value }) => (value === undefined ? [] : [value]));
  const choices = (schema.enum ?? constants).map(String);
  const [other] = alternatives
    .filter(({ const: value, type }) => value === undefined && type !== 'null')
    .map((each) => kindOf(each));
  if (other?.type === 'number') return { type: 'number-or-word', words: choices, range: other.range };
  if (other?.type === 'numbers') return { type: 'weights', words: choices, range: other.range };
  if (choices.length > 0) return { type: 'choice', choices };
  if (isTextsByName(schema)) return { type: 'pairs', words: [] };
  if (schema.properties || alternatives.some(({ properties }) => properties)) return { type: 'section' };
  switch (schema.type) {
    case 'integer':
    case 'number':
      return { type: 'number', range: rangeOf(schema) };
    case 'array': {
      const fixed = schema.prefixItems as readonly Schema[] | undefined;
      const items = (fixed?.[0] ?? schema.items) as Schema;
      if (items.type !== 'number' && items.type !== 'integer') return { type: 'texts' };
      return { type: 'numbers', range: rangeOf(items), ...(fixed && { ranges: fixed.map(rangeOf) }) };
    }
    case 'boolean':
      return { type: 'switch' };
    default:
      return { type: 'text' };
  }
}

function isTextsByName({ additionalProperties: values }: Schema): boolean {
  return typeof values === 'object' && values.type === 'string';
}

function rangeOf({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): NumberRange {
  return {
    whole: type === 'integer',
    from: minimum,
    to: maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum,
    // Booleans are of an older JSON Schema than the one that zod writes.
    above: typeof exclusiveMinimum === 'number' ? exclusiveMinimum : undefined,
    below: typeof exclusiveMaximum === 'number' ? exclusiveMaximum : undefined,
  };
}

function alternativesOf({ anyOf, oneOf }: Schema): Schema[] {
  return (oneOf ?? anyOf ?? []) as Schema[];
}

function propertyOf({ properties }: Schema, key: string): Schema | undefined {
  const property = properties?.[key];
  return typeof property === 'object' ? property : undefined;
}

function nameOf(schema: Schema): unknown {
  return propertyOf(schema, 'name')?.const;
}
