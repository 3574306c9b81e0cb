import type { Job, Worker } from 'bullmq';
import type { DataPaths } from '../../settings/setting-paths.js';
import type { Connection, OnTrouble } from '../server/connection.js';
import { laneQueue } from '../server/keys.js';
import { queueOptions } from '../server/registry.js';

/** Times that a run may lose its worker before it counts as failed. */
const MOST_STALLS = 5;

/** A lane of a comparison that this machine has all for. */
export interface Lane {
  readonly comparison: string;
  readonly name: string;
  readonly dataPaths: DataPaths;
  /** The next task, under a lock of this value; undefined where none is ready. */
  take(lock: string): Promise<Job | undefined>;
  close(): Promise<void>;
}

/** Opens a lane, and gives tasks back whose workers are gone from now on. */
export async function openLane(
  connection: Connection,
  { comparison, name, dataPaths }: Pick<Lane, 'comparison' | 'name' | 'dataPaths'>,
  lockMilliseconds: number,
  onTrouble: OnTrouble,
): Promise<Lane> {
  const worker: Worker = new connection.library.bullmq.Worker(laneQueue(comparison, name), null, {
    ...queueOptions(connection),
    autorun: false,
    lockDuration: lockMilliseconds,
    stalledInterval: lockMilliseconds / 2,
    maxStalledCount: MOST_STALLS,
    drainDelay: 1,
  });
  // The connection itself tells what is wrong with it
  worker.on('error', () => undefined);
  worker.on('stalled', (job: string) => onTrouble(`${job}: its worker is gone; it goes to another`));
  await worker.startStalledCheckTimer();
  return {
    comparison,
    name,
    dataPaths,
    take: (lock) => worker.getNextJob(lock, { block: false }),
    close: () => worker.close(true).catch(() => undefined),
  };
}
