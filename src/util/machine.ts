import { cpus } from 'node:os';

/** What this process computes on. */
export function describeMachine() {
  const all = cpus();
  return { cpu: all[0]?.model.trim() || 'unknown CPU', cores: all.length, node: process.versions.node };
}
