import { realpath } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { runPaths } from '../../store/run-folder.js';
import { fail } from '../../util/error.js';

/** Fails where a file of a run is a link to something outside its folder: nothing else than the folder is shown. */
export async function checkInside(folder: string): Promise<void> {
  const root = await realpath(folder);
  for (const path of Object.values(runPaths(folder))) {
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined || real.startsWith(root + sep)) continue;
    fail(basename(path), "is a link to something outside the run's folder, which isn't shown", {
      hint: 'Put the file itself there',
    });
  }
}
