import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths } from '../store/run-folder.js';
import { fail } from '../util/error.js';

/** Files of weights that a folder may hold, in the order of preference. */
const WEIGHTS_FILES = ['model.safetensors', 'pytorch_model.bin'];

/** What of a folder has weights: a run's checkpoint, or a file under the names that hubs give them. */
export function fileIn(folder: string): { path: string; isRun: boolean; checked?: string } {
  const { best } = runPaths(folder);
  if (existsSync(best)) return { path: folder, isRun: true, checked: best };
  const path = WEIGHTS_FILES.map((name) => join(folder, name)).find((each) => existsSync(each));
  if (path !== undefined) return { path, isRun: false };
  return fail(folder, 'holds no weights', {
    expected: `the folder of a run, or ${WEIGHTS_FILES.join(' or ')} in it`,
    ...(existsSync(runPaths(folder).config) && {
      hint: 'The run has no checkpoint of a best epoch yet: wait for its first epoch',
    }),
  });
}
