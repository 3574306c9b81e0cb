import { cpus } from 'node:os';

/** Threads of each of some runs side by side, which share the cores; undefined for one alone, which has all. */
export function threadsEach(jobs: number): number | undefined {
  return jobs === 1 ? undefined : Math.max(1, Math.floor(cpus().length / jobs));
}
