import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { ONNXRUNTIME_VERSION } from '../../src/runtime/version.js';
import { AGON_VERSION } from '../../src/util/version.js';

/** Where and with what numbers were measured. Names no host. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gb: number;
  readonly platform: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly agon: string;
  /** ISO date, UTC. */
  readonly date: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_gb: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    onnxruntime: ONNXRUNTIME_VERSION,
    agon: AGON_VERSION,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** `2026-01-31-amd-epyc-7763-2-cores`, as result files are called. */
export function fileStem({ cpu, cores, date }: Pick<Machine, 'cpu' | 'cores' | 'date'>): string {
  const words = cpu
    .toLowerCase()
    .replace(/\((r|tm|c)\)|@.*$|\b(cpu|processor|\d+-core)\b/g, ' ')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  return [date, ...(words.length > 0 ? words : ['unknown']), cores, 'cores'].join('-');
}

/** One line of text. */
export function describeMachine(of: Machine): string {
  const versions = `Node.js ${of.node}, onnxruntime ${of.onnxruntime}, Agon ${of.agon}`;
  return `${of.cpu}, ${of.cores} cores, ${of.memory_gb} GB, ${of.platform}; ${versions}; ${of.date}`;
}
