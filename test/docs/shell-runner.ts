import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agon } from '../cli/command-line.js';
import { png } from '../data/helpers.js';
import { ROOT } from './markdown.js';

const require = createRequire(import.meta.url);

/** Milliseconds that a command may take on a machine that has other work. */
export const MOST_TIME = 180_000;

/** How the shell lines of a page are run. */
export interface ShellRun {
  /** Lines that aren't run, and why. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** What is appended to a line so that it takes seconds: the last of two equal options holds. First fit. */
  readonly appended: readonly (readonly [start: string, options: string])[];
}

/** Makes a folder for the tests of a file the working directory while they run. Gives its path, once they do. */
export function useWorkingFolder(fill: () => Promise<void>): () => string {
  const before = process.cwd();
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agon-pages-'));
    process.chdir(folder);
    await fill();
  }, MOST_TIME);
  afterAll(async () => {
    process.chdir(before);
    await rm(folder, { recursive: true, force: true });
  });
  return () => folder;
}

/** Writes small images of noise: so many of each class into each folder. */
export async function writePhotos(folders: readonly string[], classes: readonly string[], each: number): Promise<void> {
  const files = classes.flatMap((name) => Array.from({ length: each }, (_, i) => join(name, `${i}.png`)));
  for (const [i, path] of folders.flatMap((folder) => files.map((file) => join(folder, file))).entries()) {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, await png(34, 40, i));
  }
}

/** Each line as a test, in their order: each finds what those before it have made. */
export function testShellLines(lines: readonly string[], { leftOut, appended }: ShellRun): void {
  it('are run, or left out for a reason', () => {
    expect(Object.keys(leftOut).filter((line) => !lines.includes(line))).toEqual([]);
    expect(appended.filter(([start]) => !lines.some((line) => line.startsWith(start)))).toEqual([]);
  });

  it.each(lines.filter((line) => leftOut[line] === undefined))(
    '%s',
    async (line) => {
      const [, options = ''] = appended.find(([start]) => line.startsWith(start)) ?? [];
      const { exitCode, stdout, stderr } = await runLine(`${line} ${options}`.trim());
      expect(exitCode, stderr).toBe(0);
      expect(stdout).not.toBe('');
    },
    MOST_TIME,
  );
}

async function runLine(line: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const [program, ...args] = line.split(/\s+/) as [string, ...string[]];
  if (program === 'agon') return agon(args.join(' '));
  const { stdout, stderr } = await promisify(execFile)(program, args, { cwd: ROOT });
  return { exitCode: 0, stdout, stderr };
}

/** A page's program with the packages that it imports found where the tests find them; Agon itself in its sources. */
export function withPackages(code: string): string {
  return code.replace(/from '([^'.][^']*)'/g, (whole, name: string) => {
    if (name.startsWith('node:')) return whole;
    const file = name === 'agon' ? join(ROOT, 'src/index.ts') : require.resolve(name);
    return `from '${pathToFileURL(file).href}'`;
  });
}

/** What Node.js needs to run programs that import Agon's sources, in worker threads too. */
export const TSX = ['--import', pathToFileURL(join(ROOT, 'src/util/register-tsx.mjs')).href] as const;
