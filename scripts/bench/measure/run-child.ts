import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AgonError, fail } from '../../../src/util/error.js';
import type { Workload } from '../workload.js';
import type { Answers, Job, JobKind } from './jobs.js';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** Runs a job in a new Node.js process. */
export async function runJob<Kind extends JobKind>(job: Job<Kind>): Promise<Answers[Kind]> {
  const what = `${job.kind} of ${JSON.stringify(job.workload.nets)}`;
  const text = await runProcess(process.execPath, [...process.execArgv, CHILD, JSON.stringify(job)], what);
  return lastLine<Answers[Kind]>(text, what);
}

/** Has the tuner time a workload's forms in a process of its own, so that its memory isn't the step's. */
export async function tuneFirst(workload: Workload): Promise<void> {
  if (workload.tune && !workload.portable) await runJob({ kind: 'tune', workload, steps: 0 });
}

/** The JSON in the last line that a program printed. */
export function lastLine<T>(text: string, what: string): T {
  const line = text.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as T;
  } catch (cause) {
    return fail('benchmark', `${what} printed no result`, { got: JSON.stringify(line.slice(0, 80)), cause });
  }
}

/** What a program prints, with more in its environment; an error with the end of what it says when it fails. */
export function runProcess(
  command: string,
  args: readonly string[],
  what: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...environment };
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(out.join(''));
      const said = err.join('').trim().split('\n').slice(-12).join('\n');
      reject(new AgonError('benchmark', `${what} ended with ${signal ?? `code ${code}`}\n${said}`));
    });
  });
}
