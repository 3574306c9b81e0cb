import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { runPaths } from '../../store/run-folder.js';
import { failUsage } from '../io/usage-error.js';

/** Where runs go that are not told otherwise. */
const ROOT = 'runs';

/** `runs/<name of the data>-20250131-142501`, in local time. */
export function defaultRunFolder(data: string, now: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  const name = basename(resolve(data)).replace(/[^\p{L}\p{N}._-]+/gu, '-');
  return join(ROOT, `${name || 'run'}-${date}-${time}`);
}

/** The run that was last worked on, for `--resume` without a folder. */
export async function latestRun(root = ROOT): Promise<string> {
  const names = await readdir(root).catch(() => []);
  const runs = await Promise.all(names.map(async (name) => ({ name, changed: await changedAt(join(root, name)) })));
  const [latest] = runs.filter(({ changed }) => changed > 0).sort((a, b) => b.changed - a.changed);
  return latest
    ? join(root, latest.name)
    : failUsage('--resume', `there is no run in ${root}/`, { hint: 'Name its folder' });
}

async function changedAt(folder: string): Promise<number> {
  const info = await stat(runPaths(folder).last).catch(() => undefined);
  return info?.mtimeMs ?? 0;
}
