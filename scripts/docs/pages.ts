import { logSchemaPage } from './log-schema.js';
import { operatorsPage } from './operators.js';
import { settingsPage } from './settings.js';

/** The generated pages, by their path in the project. */
export const PAGES: ReadonlyMap<string, () => string> = new Map([
  ['docs/log.schema.json', logSchemaPage],
  ['docs/operators.md', operatorsPage],
  ['docs/settings.md', settingsPage],
]);
