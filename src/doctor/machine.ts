import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { formatBytes, formatNumberOf } from '../report/format.js';
import { freeMemory, type ReadText, readIfThere } from '../runtime/memory/free-memory.js';
import { describeMachine } from '../util/machine.js';
import { type Finding, ok } from './finding.js';

/** With less, even small networks don't train. */
const LEAST_MEMORY = 256e6;
/** With less, networks for photographs don't. */
const ENOUGH_MEMORY = 2e9;
const LEAST_DISK = 100e6;
const ENOUGH_DISK = 2e9;
/** Workers and archives hold files open. */
const ENOUGH_FILES = 1024;

/** The processor: its name, cores, and how many of them the process may use. */
export function examineProcessor(read: ReadText = readIfThere): Finding {
  const { cpu, cores } = describeMachine();
  const text = `${cpu}, ${formatNumberOf(cores, 'logical core')}`;
  const usable = Math.min(availableParallelism(), cgroupCores(read) ?? Number.POSITIVE_INFINITY);
  if (usable >= cores) return ok('processor', text);
  return {
    mark: 'note',
    subject: 'processor',
    text: `${text}, of which this process may use ${usable}`,
    hint: `Give --threads ${Math.max(1, Math.floor(usable))}, or more cores to the container`,
  };
}

/** The cores that the process's own control group allows; undefined where there is no limit. */
function cgroupCores(read: ReadText): number | undefined {
  const own = /^0::(.*)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1]?.trim() ?? '/';
  const limits = [own, '/'].map((path) => read(`/sys/fs/cgroup${path === '/' ? '' : path}/cpu.max`));
  const shares = limits.map((text) => {
    const [quota, period] = (text ?? '').trim().split(/\s+/).map(Number);
    return (quota ?? Number.NaN) / (period ?? Number.NaN);
  });
  const finite = shares.filter((share) => share > 0);
  return finite.length > 0 ? Math.min(...finite) : undefined;
}

export function examineMemory(read: ReadText = readIfThere): Finding {
  const { bytes, boundBy } = freeMemory(read);
  const bound = boundBy === 'the machine' ? '' : `, bound by ${boundBy}`;
  const text = `${formatBytes(bytes)} free of ${formatBytes(totalmem())}${bound}`;
  return rated('memory', text, bytes, [LEAST_MEMORY, ENOUGH_MEMORY], 'Close other programs, or raise the limit');
}

/** The room on the disk of a folder, which needn't be there yet. */
export async function examineDisk(subject: string, folder: string): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const text = `${formatBytes(free)} free in ${folder}`;
    return rated(subject, text, free, [LEAST_DISK, ENOUGH_DISK], 'Free some disk space: checkpoints need it');
  } catch {
    if (dirname(folder) !== folder) return examineDisk(subject, dirname(folder));
    return { mark: 'note', subject, text: 'not known how much is free' };
  }
}

/** How many files the process may have open; undefined where the system doesn't tell. */
export function examineOpenFiles(read: ReadText = readIfThere): Finding | undefined {
  const most = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits') ?? '')?.[1];
  if (most === undefined) return undefined;
  const text = `${formatNumberOf(Number(most), 'file')} at a time`;
  return rated('open files', text, Number(most), [64, ENOUGH_FILES], `Raise the limit: ulimit -n ${ENOUGH_FILES}`);
}

function rated(
  subject: string,
  text: string,
  amount: number,
  [least, enough]: readonly [number, number],
  hint: string,
): Finding {
  if (amount >= enough) return ok(subject, text);
  return { mark: amount < least ? 'problem' : 'note', subject, text, hint };
}
