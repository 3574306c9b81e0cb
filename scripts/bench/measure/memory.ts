import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * The largest resident memory of this process so far, in MB of 2^20 bytes. On Linux from /proc: getrusage would start
 * a child process at its parent's.
 */
export function peakMemory(): number {
  return Math.floor((fromProc() ?? process.resourceUsage().maxRSS) / 1024);
}

/** Frees what is no longer used, so that one measurement's buffers don't count for the next. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function fromProc(): number | undefined {
  try {
    const match = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return match ? Number(match[1]) : undefined;
  } catch {
    return undefined;
  }
}
