import { z } from 'zod';
import { settingsSchema } from '../../settings/settings.js';
import type { NumberRange } from './number-range.js';

/** Where a setting is: `['epochs']`, `['optimizer', 'lr']`, `['inputPerturbation', 'when', 'every']`. */
export type SettingPath = readonly [string, ...string[]];

/** What a setting's value is. */
export type SettingKind =
  | { readonly type: 'number' | 'numbers'; readonly range: NumberRange }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  | { readonly type: 'text' | 'texts' | 'switch' };

/** A setting as the schema of all settings describes it: the one place of ranges and defaults. */
export interface SettingDescription {
  readonly kind: SettingKind;
  readonly value: unknown;
  /** For a setting that belongs to one or some of several choices (`momentum` to `sgd`): these, each with its default. */
  readonly owners: readonly { readonly name: string; readonly value: unknown }[];
}

type Schema = z.core.JSONSchema.BaseSchema;

const ROOT: Schema = z.toJSONSchema(settingsSchema);

/** Looks a setting up. */
export function describeSetting([section, key, ...deeper]: SettingPath): SettingDescription {
  const schema = propertyOf(ROOT, section);
  if (!schema) throw new Error(`internal error: there is no setting ${section}`);
  if (key !== undefined && isOptional(schema)) return describeNested(schema, [key, ...deeper]);
  if (key === undefined) return { kind: kindOf(schema), value: schema.default, owners: [] };
  if (key === 'name') {
    const choices = alternativesOf(schema).map(nameOf);
    return { kind: { type: 'choice', choices }, value: (schema.default as { name: string }).name, owners: [] };
  }
  const found = alternativesOf(schema).flatMap((owner) => {
    const own = propertyOf(owner, key);
    return own ? [{ name: nameOf(owner), value: own.default, own }] : [];
  });
  if (!found[0]) throw new Error(`internal error: there is no setting ${section}.${key}`);
  return { kind: kindOf(found[0].own), value: undefined, owners: found.map(({ name, value }) => ({ name, value })) };
}

/** A setting in a section that may be off. */
function describeNested(section: Schema, path: readonly string[]): SettingDescription {
  const found = path.reduce<Schema | undefined>((schema, key) => {
    return schema && [schema, ...alternativesOf(schema)].map((each) => propertyOf(each, key)).find((each) => each);
  }, section);
  if (!found) throw new Error(`internal error: there is no setting ${path.join('.')}`);
  return { kind: kindOf(found), value: found.default, owners: [] };
}

function isOptional(schema: Schema): boolean {
  return alternativesOf(schema).some(({ type }) => type === 'null');
}

function kindOf(schema: Schema): SettingKind {
  const [only, ...others] = isOptional(schema) ? alternativesOf(schema).filter(({ type }) => type !== 'null') : [];
  if (only && others.length === 0) return kindOf(only);
  const constants = alternativesOf(schema).flatMap(({ const: value }) => (value === undefined ? [] : [value]));
  const choices = (schema.enum ?? constants).map(String);
  if (choices.length > 0) return { type: 'choice', choices };
  switch (schema.type) {
    case 'integer':
    case 'number':
      return { type: 'number', range: rangeOf(schema) };
    case 'array': {
      const items = schema.items as Schema;
      return items.type === 'number' ? { type: 'numbers', range: rangeOf(items) } : { type: 'texts' };
    }
    case 'boolean':
      return { type: 'switch' };
    default:
      return { type: 'text' };
  }
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

function nameOf(schema: Schema): string {
  return String(propertyOf(schema, 'name')?.const);
}
