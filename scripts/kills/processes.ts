import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runPaths } from '../../src/store/run-folder.js';

const HOOK = new URL('./hook.mjs', import.meta.url).href;
const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** How `agon` is started: compiled, or from its sources, which takes longer. */
export const PROGRAMS = {
  compiled: [pathOf('../../dist/cli/main.js')],
  sources: ['--import', 'tsx', pathOf('../../src/cli/main.ts')],
} as const;

export type Program = keyof typeof PROGRAMS;

/** Where a process is killed: at which change to a file (see hook.mjs), the how manieth of its kind, and when. */
export interface Kill {
  readonly point: string;
  readonly count: number;
  readonly when: 'before' | 'within' | 'after';
}

export interface Ended {
  /** The exit status, or the signal that ended it. */
  readonly status: number | string | null;
  readonly stderr: string;
}

/** Runs `agon`, killed somewhere, or with the points that it passes written to a file. */
export async function runAgon(
  program: Program,
  args: readonly string[],
  { kill, record }: { readonly kill?: Kill; readonly record?: string } = {},
): Promise<Ended> {
  const env = {
    ...process.env,
    ...(kill && { AGON_KILL: JSON.stringify(kill) }),
    ...(record && { AGON_POINTS: record }),
  };
  const child = spawn(process.execPath, ['--import', HOOK, ...PROGRAMS[program], ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const status = await new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  return { status, stderr };
}

/** Goes on with a run as its user would: from its checkpoint, or from the beginning where it has none yet. */
export function goOnArgs(folder: string, config: string): string[] {
  const { config: own, last } = runPaths(folder);
  if (existsSync(last)) return ['train', '--resume', folder];
  return ['train', '--config', config, '--out', folder, ...(existsSync(own) ? ['--overwrite'] : [])];
}

/** The points that a process has passed, in order. */
export async function readPoints(record: string): Promise<Pick<Kill, 'point' | 'count'>[]> {
  const lines = (await readFile(record, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Pick<Kill, 'point' | 'count'>);
}
