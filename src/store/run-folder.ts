import { existsSync } from 'node:fs';
import { access, constants, readdir } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import type { ArtifactContent } from '../artifacts/create.js';
import { writeArtifact } from '../artifacts/write.js';
import { BUILTIN } from '../data/formats/builtin.js';
import { parseSettings, type Settings } from '../settings/settings.js';
import { fail, messageOf } from '../util/error.js';
import { errorCode, makeFolders, removeIfThere, writeFileWhole } from '../util/files/files.js';
import { parseObject, readTextIfThere } from '../util/files/read-json.js';
import { temporaryPrefix } from '../util/files/write-folder.js';
import { isHalfWritten } from '../util/files/write-whole.js';
import { migrate } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';
import { RUN_FILES, runSettingsText } from './run-files.js';

/** The paths of the files of a run's folder, by what they hold. */
export type RunPaths = { readonly [Name in keyof typeof RUN_FILES]: string };

/** The paths of the files of a run's folder. */
export function runPaths(folder: string): RunPaths {
  return Object.fromEntries(Object.entries(RUN_FILES).map(([name, file]) => [name, join(folder, file)])) as RunPaths;
}

/**
 * Creates a run's folder. One that holds a run is an error, unless it may be replaced; that happens when the run begins.
 *
 * @param replacing - With `overwrite`, a run that is in the folder may be replaced.
 */
export async function prepareRunFolder(folder: string, { overwrite }: { overwrite: boolean }): Promise<void> {
  const { config, last } = runPaths(folder);
  if (existsSync(config) && !overwrite) {
    const others = 'replace it (--overwrite), or choose another folder (--out)';
    if (existsSync(last))
      fail(folder, 'there is a run in this folder', { hint: `Go on with it (--resume), ${others}` });
    fail(folder, 'there is a run in this folder that has no checkpoint to go on from', {
      hint: `Wait for its first one if it is still running; else ${others}`,
    });
  }
  await makeFolder(folder);
}

/**
 * Puts a run that is about to train into its folder: what an earlier one left there goes, the configuration is written, and
 * what it needs of the artifact that its networks are from.
 */
export async function beginRun(folder: string, settings: Settings, artifact?: ArtifactContent): Promise<void> {
  const paths = runPaths(folder);
  for (const path of Object.values(paths)) await removeIfThere(path);
  await removeHalfWritten(folder);
  if (artifact) await writeArtifact(paths.artifacts, artifact);
  await writeRunSettings(folder, settings);
}

/** Removes what a process that was killed had half written: {@link writeFileWhole}'s files end in a number until they are whole. */
export async function removeHalfWritten(folder: string): Promise<void> {
  const names = Object.values(runPaths(folder)).map((path) => basename(path));
  const isHalfArtifact = (entry: string) => entry.startsWith(temporaryPrefix(runPaths(folder).artifacts));
  for (const entry of await readdir(folder)) {
    if (isHalfWritten(entry, names) || isHalfArtifact(entry)) await removeIfThere(join(folder, entry));
  }
}

/** Fails where a run was ended before its first checkpoint: nothing is left to go on from. */
export function requireCheckpoint(folder: string): void {
  const { config, last } = runPaths(folder);
  if (existsSync(last)) return;
  fail(folder, 'this run was ended before its first checkpoint: there is nothing to go on from', {
    hint: `Start it again, with its own settings: --config ${config} --out ${folder} --overwrite`,
  });
}

/** The settings that a run was started with. Data that lie in the run's folder, as those of a run from a browser, are found there. */
export async function readRunSettings(folder: string): Promise<Settings> {
  const { config } = runPaths(folder);
  const text = await readTextIfThere(config);
  if (text === undefined) fail(folder, 'there is no run in this folder (no config.json)');
  const settings = parseSettings(migrate(FORMATS.config, parseObject(text, config), config), config);
  const beside = join(folder, settings.data);
  const isBeside = settings.data !== BUILTIN && !isAbsolute(settings.data) && existsSync(beside);
  return isBeside ? { ...settings, data: beside } : settings;
}

/** Writes down the settings of a run. */
export async function writeRunSettings(folder: string, settings: Settings): Promise<void> {
  await writeFileWhole(runPaths(folder).config, runSettingsText(settings));
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    fail(
      folder,
      `can't be ${errorCode(error) === 'EACCES' || existsSync(folder) ? 'written' : 'created'}: ${messageOf(error)}`,
      { hint: 'Choose another folder (--out)', cause: error },
    );
  }
}
