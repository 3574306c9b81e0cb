import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A card as NVIDIA's driver knows it. */
export interface NvidiaCard {
  readonly index: number;
  readonly name: string;
  /** In bytes. */
  readonly memory: number;
}

const MEBIBYTE = 2 ** 20;
const MILLISECONDS = 10_000;
const QUERY = ['--query-gpu=index,name,memory.total', '--format=csv,noheader,nounits'];

/** The NVIDIA cards of this machine; none where `nvidia-smi` isn't there, or doesn't answer. */
export async function nvidiaCards(): Promise<NvidiaCard[]> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', QUERY, { timeout: MILLISECONDS });
    return parseCards(stdout);
  } catch {
    return [];
  }
}

/** Lines such as `0, NVIDIA GeForce RTX 4090, 24564`: memory in MiB. */
export function parseCards(csv: string): NvidiaCard[] {
  return csv.split('\n').flatMap((line) => {
    const [, index, name, megabytes] = /^\s*(\d+),\s*(.+?),\s*(\d+)\s*$/.exec(line) ?? [];
    if (index === undefined || name === undefined) return [];
    return [{ index: Number(index), name, memory: Number(megabytes) * MEBIBYTE }];
  });
}
