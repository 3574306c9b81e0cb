import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from './files.js';

/** A process, told from any other one that has had or will have its number, here or on another machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as its system says it: to be compared only. Null where that isn't known. */
  readonly started: string | null;
  /** The machine, or container. */
  readonly host: string;
  /** Where its number means something: one boot of a system, and in it one table of processes (a container has its own). */
  readonly space: string;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  return { pid, started: startOf(pid) ?? null, host: hostname(), space: spaceOf() };
}

/** Whether numbers of processes that this identity names are those of this process's own table. */
export function isNear({ host, space }: Pick<ProcessIdentity, 'host' | 'space'>): boolean {
  return host === hostname() && space === spaceOf();
}

/** Whether a process that is near still runs: its number alone may have gone to another program. */
export function isRunning({ pid, started }: Pick<ProcessIdentity, 'pid' | 'started'>): boolean {
  const current = started === null ? undefined : startOf(pid);
  if (current !== undefined) return current === started;
  return exists(pid);
}

/** Whether there is a process of some number. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** When the process of some number started; undefined where there is none, or the system doesn't say. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux')
    return read(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, '')
      .split(' ')[START_FIELD];
  return process.platform === 'win32' ? undefined : startByPs(pid);
}

/** `starttime` of proc(5), counted from the field behind the program's name: clock ticks since the system's boot. */
const START_FIELD = 19;

function startByPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}

function spaceOf(): string {
  return `${read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''} ${processTable()}`.trim();
}

function processTable(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
