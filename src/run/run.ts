import { Worker } from 'node:worker_threads';
import type { TrainEvent } from '../events/events.js';
import { turnOffTelemetry } from '../runtime/telemetry.js';
import type { DataPaths } from '../settings/setting-paths.js';
import type { RequestedSettings } from '../settings/settings.js';
import { messageOf, restoreError } from '../util/error.js';
import { workerFile } from '../util/worker-file.js';
import { SHARED, STOP, type WorkerInput, type WorkerMessage } from './worker-messages.js';

/** A run under way in a thread of its own: this thread stays responsive. */
export interface TrainingRun {
  /** Settles when the run has finished or stopped; rejects with the run's error, or with what `onEvent` threw. */
  readonly done: Promise<'finished' | 'stopped'>;
  /** Asks for a clean stop after the running step, with a checkpoint; `atOnce`: without one. */
  stop(how?: { readonly atOnce?: boolean }): void;
}

/** What is trained, where, and who is told. */
export interface StartOptions {
  readonly settings: RequestedSettings;
  /** The run's folder, prepared (`prepareRunFolder`). */
  readonly folder: string;
  /** Whether to go on from the folder's last checkpoint. */
  readonly resume: boolean;
  /** Whether it ends with an assessment and a page, `report.html` (true). */
  readonly report?: boolean | undefined;
  /** Where the data of its settings are on this machine, if elsewhere than the settings say. */
  readonly dataPaths?: DataPaths | undefined;
  /**
   * Told of each event. The run waits for what it returns before it writes the next checkpoint; what it throws stops the run, with a
   * checkpoint.
   */
  readonly onEvent: (event: TrainEvent) => unknown;
}

/**
 * Starts a run in a worker thread.
 *
 * @param options - What is trained, where, and who is told.
 */
export function startTraining({
  settings,
  folder,
  resume,
  report = true,
  dataPaths,
  onEvent,
}: StartOptions): TrainingRun {
  turnOffTelemetry();
  const shared = new Int32Array(new SharedArrayBuffer(4 * Object.keys(SHARED).length));
  const { filename, ...flags } = workerFile(import.meta.url, './worker');
  const workerData: WorkerInput = { settings, folder, resume, report, dataPaths, shared };
  const worker = new Worker(filename, { ...flags, workerData });
  const stop: TrainingRun['stop'] = ({ atOnce = false } = {}) => {
    Atomics.or(shared, SHARED.stop, atOnce ? STOP.atOnce : STOP.clean);
  };
  const listener = new Listener(onEvent, stop, () => {
    Atomics.add(shared, SHARED.handled, 1);
    Atomics.notify(shared, SHARED.handled);
  });
  const ended = new Promise<'finished' | 'stopped'>((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'event') listener.tell(message.event);
      else if (message.kind === 'done') resolve(message.outcome);
      else reject(restoreError(message));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the training thread ended unexpectedly (exit code ${code})`)));
  });
  // What the listener threw comes first: the run's end may be its consequence.
  const told = ended.finally(() => listener.check());
  return { done: report ? told.then((outcome) => finishReport(outcome, folder, listener)) : told, stop };
}

/** Writes the report of a finished run, now that its log is whole. Where that fails, all else is there: it is a warning. */
async function finishReport<Outcome>(outcome: Outcome, folder: string, listener: Listener): Promise<Outcome> {
  if (outcome !== 'finished') return outcome;
  try {
    const { writeReport } = await import('../pages/write-report.js');
    await writeReport(folder);
  } catch (error) {
    const message = `the run's report can't be written: ${messageOf(error)}; agon report makes it later`;
    listener.tell({ type: 'warning', message });
    await listener.check();
  }
  return outcome;
}

/** Passes events on until the first failure, which stops the run. */
class Listener {
  readonly #pending = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly onEvent: StartOptions['onEvent'],
    private readonly stop: () => void,
    private readonly handled: () => void,
  ) {}

  tell(event: TrainEvent): void {
    const told = this.#pass(event).finally(() => {
      this.#pending.delete(told);
      this.handled();
    });
    this.#pending.add(told);
  }

  /** Rejects with the failure, if there was one, when all that was told is done with. */
  async check(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#failure) throw this.#failure.error;
  }

  async #pass(event: TrainEvent): Promise<void> {
    if (this.#failure) return;
    try {
      await this.onEvent(event);
    } catch (error) {
      this.#failure ??= { error };
      this.stop();
    }
  }
}
