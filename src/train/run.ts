import { Worker } from 'node:worker_threads';
import { turnOffTelemetry } from '../runtime/telemetry.js';
import { restoreError } from '../util/error.js';
import { workerFile } from '../util/worker-file.js';
import type { TrainEvent } from './events.js';
import type { Settings } from './settings.js';
import type { WorkerInput, WorkerMessage } from './worker.js';

/** A run under way in a thread of its own: this thread stays responsive. */
export interface TrainingRun {
  /** Settles when the run has finished or stopped; rejects with the run's error. */
  readonly done: Promise<'finished' | 'stopped'>;
  /** Asks for a clean stop after the running step, with a checkpoint. */
  stop(): void;
}

export interface StartOptions {
  readonly settings: Settings;
  /** The run's folder, prepared (`prepareRunFolder`). */
  readonly folder: string;
  /** Whether to go on from the folder's last checkpoint. */
  readonly resume: boolean;
  readonly onEvent: (event: TrainEvent) => void;
}

/** Starts a run in a worker thread. */
export function startTraining({ settings, folder, resume, onEvent }: StartOptions): TrainingRun {
  turnOffTelemetry();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const { filename, ...flags } = workerFile(import.meta.url, './worker');
  const workerData: WorkerInput = { settings, folder, resume, stop };
  const worker = new Worker(filename, { ...flags, workerData });
  const done = new Promise<'finished' | 'stopped'>((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'event') onEvent(message.event);
      else if (message.kind === 'done') resolve(message.outcome);
      else reject(restoreError(message));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the training thread ended unexpectedly (exit code ${code})`)));
  });
  return {
    done,
    stop: () => {
      Atomics.store(stop, 0, 1);
    },
  };
}
