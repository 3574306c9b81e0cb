import { migrateSettings } from '../../settings/setting-changes.js';
import { parseSettings, type SettingsInput } from '../../settings/settings.js';
import { fail } from '../../util/error.js';
import { parseObject, readTextIfThere } from '../../util/files/read-json.js';
import { migrate } from '../../util/formats/format-version.js';
import { FORMATS } from '../../util/formats/formats.js';

/** Reads settings from a JSON file, as they are given there; where their schema is (`$schema`) is no setting. What is wrong is an error that names the file and the setting. */
export async function readSettingsFile(path: string): Promise<SettingsInput> {
  const text = (await readTextIfThere(path)) ?? fail(path, 'there is no such file');
  const { $schema: _, ...content } = parseObject(text, path);
  const given = migrateSettings(migrate(FORMATS.config, content, path));
  parseSettings(given, path);
  return given as SettingsInput;
}
