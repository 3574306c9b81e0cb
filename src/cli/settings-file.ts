import { readFile } from 'node:fs/promises';
import { parseSettings, type Settings } from '../train/settings.js';
import { fail, messageOf } from '../util/error.js';
import { errorCode } from '../util/files.js';

/** Reads settings from a JSON file. What is wrong is an error that names the file and the setting. */
export async function readSettingsFile(path: string): Promise<Settings> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = errorCode(error) === 'ENOENT' ? 'there is no such file' : `can't be read: ${messageOf(error)}`;
    return fail(path, reason, { cause: error });
  });
  return parseSettings(parseJson(path, text), path);
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(path, `not valid JSON: ${messageOf(error)}`, { cause: error });
  }
}
