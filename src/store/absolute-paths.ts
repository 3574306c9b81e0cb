import { resolve } from 'node:path';
import { mapPaths } from '../settings/setting-paths.js';

/** Settings, complete or not, with the paths in them absolute: so they hold wherever a run goes on from. */
export function absolutePaths<Given extends object>(settings: Given): Given {
  return mapPaths(settings, (path) => resolve(path));
}
