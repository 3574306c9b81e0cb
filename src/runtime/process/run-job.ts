import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workerFile } from '../../util/worker-file.js';
import type { Answer, Answers, Job } from './jobs.js';

export interface JobOptions {
  /** After so many seconds the process is ended. */
  readonly seconds: number;
  /** Called with each line that it, or a library in it, has written to its standard error. */
  readonly onLine?: (line: string) => void;
  /** More for its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What came of a job: its answer, or why there is none. */
export type Outcome<Value> = { readonly value: Value } | { readonly error: string };

/** Does a job in a process of its own: a driver that ends its process, or never comes back, ends this one only. */
export async function runJob<Kind extends Job['kind']>(
  job: Job & { readonly kind: Kind },
  { seconds, onLine, env = {} }: JobOptions,
): Promise<Outcome<Answers[Kind]>> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-device-'));
  // A file: what a library writes to a pipe that is full is lost
  const path = join(folder, 'log');
  const log = await open(path, 'w');
  try {
    const { filename, execArgv = process.execArgv } = workerFile(import.meta.url, '../devices/device-process');
    const child = fork(filename, {
      execArgv,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', log.fd, 'ipc'],
      serialization: 'advanced',
    });
    const answer = await askChild(child, job, seconds);
    if (onLine) for (const line of (await readFile(path, 'utf8')).split('\n')) onLine(line);
    return answer as Outcome<Answers[Kind]>;
  } finally {
    await log.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Settles when the process has ended. */
function askChild(child: ChildProcess, job: Job, seconds: number): Promise<Answer> {
  return new Promise((resolve) => {
    let [answer, late, ended]: [Answer | undefined, boolean, string] = [undefined, false, ''];
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, 1000 * seconds);
    const end = (what: string) => {
      clearTimeout(timer);
      resolve(answer ?? { error: late ? `it gave no answer within ${seconds} s` : what });
    };
    child.once('message', (given: Answer) => {
      answer = given;
    });
    child.on('error', ({ message }) => end(message));
    child.once('exit', (code, signal) => {
      ended = `the process that tried it ended with ${signal ?? `code ${code}`}`;
      if (!child.connected) end(ended);
    });
    // An answer comes before it, not always before the exit
    child.once('disconnect', () => {
      if (ended) end(ended);
    });
    child.send(job);
  });
}
