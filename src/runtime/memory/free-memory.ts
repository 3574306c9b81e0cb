import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** What reads a file of the system; undefined where there is none. */
export type ReadText = (path: string) => string | undefined;

/** Memory that this process may still take, in bytes, and what bounds it. */
export interface FreeMemory {
  readonly bytes: number;
  readonly boundBy: 'the machine' | 'a memory limit (cgroup)';
}

const KIBIBYTE = 1024;

/**
 * The memory that is free, or that the system would give back for the asking: of the machine, and under the limits of the control groups
 * that the process is in (containers, batch systems). Swap doesn't count.
 */
export function freeMemory(read: ReadText = readIfThere): FreeMemory {
  const machine = ofMachine(read);
  const groups = [...ofGroupsV2(read), ...ofGroupsV1(read)];
  const least = Math.min(...groups);
  return least < machine
    ? { bytes: least, boundBy: 'a memory limit (cgroup)' }
    : { bytes: machine, boundBy: 'the machine' };
}

/** Linux says what it could make available. macOS counts as used what it only caches: at least half of its memory can be had. */
function ofMachine(read: ReadText): number {
  const available = numberAfter(read('/proc/meminfo'), 'MemAvailable:');
  if (available !== undefined) return available * KIBIBYTE;
  return process.platform === 'darwin' ? Math.max(freemem(), totalmem() / 2) : freemem();
}

/** Of each control group (version 2) with a limit, from the process's own to the root. */
function ofGroupsV2(read: ReadText): number[] {
  const own = /^0::(.*)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1];
  return own === undefined
    ? []
    : freeInGroups(read, '/sys/fs/cgroup', own, {
        limit: 'memory.max',
        used: 'memory.current',
        files: ['inactive_file', 'active_file'],
      });
}

/** Likewise of version 1. */
function ofGroupsV1(read: ReadText): number[] {
  const own = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1];
  return own === undefined
    ? []
    : freeInGroups(read, '/sys/fs/cgroup/memory', own, {
        limit: 'memory.limit_in_bytes',
        used: 'memory.usage_in_bytes',
        files: ['total_inactive_file', 'total_active_file'],
      });
}

interface GroupFiles {
  readonly limit: string;
  readonly used: string;
  /** What of the usage are files in memory, which the system drops when it needs room. */
  readonly files: readonly string[];
}

function freeInGroups(read: ReadText, root: string, own: string, { limit, used, files }: GroupFiles): number[] {
  const free: number[] = [];
  for (let path = join('/', own.trim()); ; path = dirname(path)) {
    const folder = join(root, path);
    const most = Number(read(join(folder, limit)) ?? Number.NaN);
    const now = Number(read(join(folder, used)) ?? Number.NaN);
    if (Number.isFinite(most) && Number.isFinite(now)) {
      const stat = read(join(folder, 'memory.stat'));
      const cached = files.reduce((sum, name) => sum + (numberAfter(stat, name) ?? 0), 0);
      free.push(Math.max(0, most - Math.max(0, now - cached)));
    }
    if (path === '/') return free;
  }
}

/** The number after a word at the start of a line. */
function numberAfter(text: string | undefined, word: string): number | undefined {
  const line = text?.split('\n').find((each) => each.startsWith(`${word} `));
  const value = Number(line?.slice(word.length).trim().split(/\s+/)[0] ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** An amount of memory in words: `3.4 GB`. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
