import { setTimeout as wait } from 'node:timers/promises';
import type { PlannedRun } from '../../compare/experiment/experiment.js';
import { comparePaths, isWhole } from '../../compare/experiment/folder.js';
import { forgetFailure, recordFailure } from '../../compare/experiment/run-status.js';
import { isTraining } from '../../store/run-lock.js';
import type { Connection, OnTrouble } from '../server/connection.js';
import { isFull } from '../server/full.js';
import { doneKey } from '../server/keys.js';
import type { WorkerState } from '../server/messages.js';
import { statusOf } from '../server/registry.js';
import { readWorkers } from '../server/worker-states.js';
import type { QueuedComparison } from './queued-comparison.js';
import { findResult } from './receive-result.js';

/** Milliseconds between looks at what has come, and between those at whether all runs are still there. */
const LOOK = 400;
const RESTORE = 10_000;

export interface CollectOptions {
  /** Id of the comparison. */
  readonly id: string;
  readonly folder: string;
  /** Whether to stop waiting: the queue goes on without. */
  readonly stopped: () => boolean;
  readonly onCollected: (run: PlannedRun) => void;
  /** A run has failed for good. */
  readonly onFailed: (run: PlannedRun, error: unknown) => void;
  /** What all workers do at the moment. */
  readonly onLook: (workers: readonly WorkerState[]) => void;
  readonly onTrouble: OnTrouble;
}

/** How waiting for a comparison ended. */
export type Collected = 'ended' | 'stopped' | 'cancelled';

/** Waits for the runs of a comparison, and puts each result where a run of this machine would have left it, until all have ended. */
export async function collectRuns(
  connection: Connection,
  comparison: QueuedComparison,
  options: CollectOptions,
): Promise<Collected> {
  const open = new Map(comparison.runs);
  let restored = performance.now();
  while (open.size > 0) {
    const status = await statusOf(connection, options.id);
    if (status === 'cancelled') return 'cancelled';
    if (status === 'absent' || performance.now() - restored > RESTORE) {
      restored = performance.now();
      await restore(comparison, open, options);
    }
    const isOpen = (task: string) => open.get(task);
    for (const task of await collectDone(connection, options.id, isOpen, options)) open.delete(task);
    await collectFailures(comparison, open, options);
    options.onLook(await readWorkers(connection));
    if (options.stopped()) return 'stopped';
    if (open.size > 0) await wait(LOOK);
  }
  return 'ended';
}

/** A server that lost its last second, or all, gets again what it lacks. */
async function restore(
  comparison: QueuedComparison,
  open: ReadonlyMap<string, PlannedRun>,
  { onTrouble }: CollectOptions,
): Promise<void> {
  try {
    await comparison.enqueue({ afresh: false, only: new Set(open.keys()) });
  } catch (error) {
    if (!isFull(error)) throw error;
    onTrouble("the queue's memory is full");
  }
}

/**
 * Collects what is there by now.
 *
 * @param runOf - The run of a task; a task that isn't of this comparison any more has none: its result goes.
 * @returns the tasks whose results have been dealt with.
 */
export async function collectDone(
  connection: Connection,
  id: string,
  runOf: (task: string) => PlannedRun | undefined,
  { folder, onCollected }: Pick<CollectOptions, 'folder' | 'onCollected'>,
): Promise<string[]> {
  const tasks: string[] = [];
  for (const task of await connection.redis.smembers(doneKey(id))) {
    const run = runOf(task);
    // Another process trains it here: it comes first
    if (run && (await isTraining(comparePaths(folder).run(run.id)))) continue;
    const result = await findResult(connection, id, task);
    if (run && result && !(await isWhole(folder, run))) await result.write(comparePaths(folder).run(run.id));
    await result?.remove();
    await connection.redis.srem(doneKey(id), task);
    tasks.push(task);
    if (!run) continue;
    await forgetFailure(folder, run);
    onCollected(run);
  }
  return tasks;
}

async function collectFailures(
  comparison: QueuedComparison,
  open: Map<string, PlannedRun>,
  { folder, onFailed }: CollectOptions,
): Promise<void> {
  for (const [task, reason] of await comparison.failures()) {
    const run = open.get(task);
    if (!run || !open.delete(task)) continue;
    const error = new Error(reason);
    await recordFailure(folder, run, error);
    onFailed(run, error);
  }
}
