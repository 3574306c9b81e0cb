import { readFile } from 'node:fs/promises';
import { parseSettings, type SettingsInput } from '../train/settings.js';
import { fail, messageOf } from '../util/error.js';
import { errorCode } from '../util/files.js';

/** Reads settings from a JSON file, as they are given there. What is wrong is an error that names the file and the setting. */
export async function readSettingsFile(path: string): Promise<SettingsInput> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = errorCode(error) === 'ENOENT' ? 'there is no such file' : `can't be read: ${messageOf(error)}`;
    return fail(path, reason, { cause: error });
  });
  const given = parseJson(path, text);
  parseSettings(given, path);
  return given as SettingsInput;
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(path, `not valid JSON: ${messageOf(error)}`, { cause: error });
  }
}
