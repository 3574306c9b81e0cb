import { extname } from 'node:path';
import { migrateSettings } from '../../settings/setting-changes.js';
import { parseSettings, type SettingsInput } from '../../settings/settings.js';
import { fail, messageOf } from '../../util/error.js';
import { parseObject, readTextIfThere } from '../../util/files/read-json.js';
import { type Content, migrate } from '../../util/formats/format-version.js';
import { FORMATS } from '../../util/formats/formats.js';

/**
 * Reads settings from a file of JSON or, as its name says (`.yaml`, `.yml`), of YAML, as they are given there; where their schema is
 * (`$schema`) is no setting. What is wrong is an error that names the file and the setting.
 */
export async function readSettingsFile(path: string): Promise<SettingsInput> {
  const text = (await readTextIfThere(path)) ?? fail(path, 'there is no such file');
  const { $schema: _, ...content } = isYaml(path) ? await parseYaml(text, path) : parseObject(text, path);
  const given = migrateSettings(migrate(FORMATS.config, content, path));
  parseSettings(given, path);
  return given as SettingsInput;
}

/** Whether a file's name is that of YAML. */
export function isYaml(path: string): boolean {
  return ['.yaml', '.yml'].includes(extname(path).toLowerCase());
}

async function parseYaml(text: string, path: string): Promise<Content> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    // Settings need no aliases, by which a small file becomes a huge one
    value = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    // The first line says what and where; a picture of the place follows
    const what = messageOf(error).split('\n')[0]?.replace(/:$/, '');
    return fail(path, `not valid YAML: ${what}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Content;
  return fail(path, 'holds no settings', {
    expected: 'lines like "epochs: 10"',
    got: Array.isArray(value) ? 'a list' : 'a value',
  });
}
