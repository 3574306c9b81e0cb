import { z } from 'zod';
import { settingsSchema } from '../../settings/settings.js';

/** What a file of settings may hold beside them. */
const BESIDE: Readonly<Record<string, z.core.JSONSchema.BaseSchema>> = {
  $schema: { type: 'string', description: 'where the schema is, for editors' },
  version: { type: 'integer', minimum: 1, description: "version of the file's format" },
};

/** What the schemas of settings say for Agon alone. */
const OWN_WORDS = ['flag', 'group', 'help', 'otherwise', 'turnsOff'];

/** The JSON Schema (draft 2020-12) of a file of settings, as `--config` reads it: each setting with its default and what it does. */
export function settingsJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { properties, ...schema } = z.toJSONSchema(settingsSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      for (const word of OWN_WORDS) delete jsonSchema[word];
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as z.core.JSONSchema.BaseSchema;
  return { ...schema, title: 'Settings of a training run of Agon', properties: { ...BESIDE, ...properties } };
}
