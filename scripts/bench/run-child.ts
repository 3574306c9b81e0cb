import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fail } from '../../src/util/error.js';
import type { Answers, Job, JobKind } from './jobs.js';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** Runs a job in a new Node.js process. */
export async function runJob<Kind extends JobKind>(job: Job<Kind>): Promise<Answers[Kind]> {
  const what = `${job.kind} of ${JSON.stringify(job.workload.nets)}`;
  const text = await runProcess(process.execPath, [...process.execArgv, CHILD, JSON.stringify(job)], what);
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Answers[Kind];
}

/** What a program prints; an error with the end of what it says when it fails. */
export function runProcess(command: string, args: readonly string[], what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(out.join(''));
      const said = err.join('').trim().split('\n').slice(-12).join('\n');
      reject(failure(what, `ended with ${signal ?? `code ${code}`}\n${said}`));
    });
  });
}

function failure(what: string, how: string): unknown {
  try {
    return fail('benchmark', `${what} ${how}`);
  } catch (error) {
    return error;
  }
}
