import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, messageOf } from '../util/error.js';
import { errorCode, removeIfThere, writeFileWhole } from '../util/files.js';
import { parseSettings, type Settings } from './settings.js';

/** The files of a run folder. */
export function runPaths(folder: string) {
  return {
    config: join(folder, 'config.json'),
    log: join(folder, 'log.jsonl'),
    last: join(folder, 'last.safetensors'),
    best: join(folder, 'best.safetensors'),
    winner: join(folder, 'winner.onnx'),
  };
}

/** Creates a run's folder with its resolved configuration. One that holds a run is an error, unless it may be replaced. */
export async function prepareRunFolder(
  folder: string,
  { settings, overwrite }: { settings: Settings; overwrite: boolean },
): Promise<void> {
  const paths = runPaths(folder);
  if (existsSync(paths.config)) {
    if (!overwrite) {
      fail(folder, 'there is a run in this folder', {
        hint: 'Go on with it (--resume), replace it (--overwrite), or choose another folder (--out)',
      });
    }
    for (const path of Object.values(paths)) await removeIfThere(path);
  }
  await makeFolder(folder);
  await writeFileWhole(paths.config, `${JSON.stringify(settings, undefined, 2)}\n`);
}

/** The settings that a run was started with. */
export async function readRunSettings(folder: string): Promise<Settings> {
  const { config } = runPaths(folder);
  const text = await readFile(config, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return fail(folder, 'there is no run in this folder (no config.json)');
    return fail(config, `can't be read: ${messageOf(error)}`, { cause: error });
  });
  return parseSettings(parseJson(config, text), config);
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(path, `not valid JSON: ${messageOf(error)}`, { cause: error });
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    fail(folder, `can't be created: ${messageOf(error)}`, { cause: error });
  }
}
