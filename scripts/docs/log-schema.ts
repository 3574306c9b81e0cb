import { z } from 'zod';
import { logLineSchema } from '../../src/events/log-schema.js';

/** The JSON Schema of a line of `log.jsonl`. It allows fields that it doesn't name: later versions add some. */
export function logSchemaPage(): string {
  const schema = z.toJSONSchema(logLineSchema, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return `${JSON.stringify({ ...schema, title: 'A line of log.jsonl of a run of Agon' }, undefined, 2)}\n`;
}
