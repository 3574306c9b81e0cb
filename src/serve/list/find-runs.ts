import { readdir, realpath } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { runPaths } from '../../store/run-folder.js';

/** So far beneath a named folder runs are looked for: `runs/<comparison>/runs/<run>`. */
const DEEPEST = 3;
/** More are not listed. */
const MOST_RUNS = 2000;
/** A folder with more entries holds images, not runs. */
const MOST_ENTRIES = 5000;

/** A run's folder, and what the list calls it. */
export interface FoundRun {
  readonly folder: string;
  readonly name: string;
}

/** The runs in folders and beneath them, in the order of their names. Links aren't followed: they could lead anywhere. */
export async function findRuns(roots: readonly string[]): Promise<FoundRun[]> {
  const found = new Map<string, FoundRun>();
  for (const root of roots) {
    const real = await realpath(root).catch(() => undefined);
    if (real === undefined) continue;
    for (const folder of await runsIn(real, DEEPEST)) {
      const beneath = relative(real, folder);
      const name = roots.length > 1 || beneath === '' ? join(root, beneath) : beneath;
      if (found.size < MOST_RUNS && !found.has(folder)) found.set(folder, { folder, name });
    }
  }
  return [...found.values()];
}

async function runsIn(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const { config } = runPaths(folder);
  if (entries.some((entry) => entry.isFile() && join(folder, entry.name) === config)) return [resolve(folder)];
  if (depth === 0 || entries.length > MOST_ENTRIES) return [];
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const runs = await Promise.all(folders.sort().map((name) => runsIn(join(folder, name), depth - 1)));
  return runs.flat();
}
