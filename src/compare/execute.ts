import { existsSync } from 'node:fs';
import type { TrainEvent } from '../events/events.js';
import { startTraining, type TrainingRun } from '../run/run.js';
import { prepareRunFolder, readRunSettings, runPaths } from '../store/run-folder.js';
import { removeIfEmpty } from '../util/files/files.js';
import type { PlannedRun } from './experiment/experiment.js';
import { comparePaths } from './experiment/folder.js';

export interface ExecuteOptions {
  readonly folder: string;
  /** Runs side by side. */
  readonly jobs: number;
  readonly onStart: (run: PlannedRun, resumed: boolean) => unknown;
  /** A run waits for what it returns before it writes a checkpoint. */
  readonly onEvent: (run: PlannedRun, event: TrainEvent) => unknown;
  /** After a run has finished. What it throws is the run's failure. */
  readonly onFinished: (run: PlannedRun) => Promise<void>;
  readonly onFailed: (failure: Failure) => Promise<void>;
  readonly start?: typeof startTraining;
}

/** A run that ended with an error. */
export interface Failure {
  readonly run: PlannedRun;
  readonly error: unknown;
}

/** Runs under way. */
export interface Execution {
  /** Settles when all runs have ended, or after a stop. A run that fails doesn't keep the others from going on. */
  readonly done: Promise<{ readonly stopped: boolean; readonly failures: readonly Failure[] }>;
  /** Asks all runs for a clean stop; `atOnce`: without checkpoints. */
  stop(how?: { readonly atOnce?: boolean }): void;
}

/** Runs what isn't finished, some at a time, in order: a run with a checkpoint goes on, another begins anew. */
export function executeRuns(runs: readonly PlannedRun[], options: ExecuteOptions): Execution {
  const queue = [...runs];
  const active = new Set<TrainingRun>();
  const failures: Failure[] = [];
  let stopping: Parameters<Execution['stop']> | undefined;
  const execute = async (run: PlannedRun): Promise<void> => {
    const training = await begin(run, options);
    active.add(training);
    if (stopping) training.stop(...stopping);
    const outcome = await training.done.finally(() => active.delete(training));
    if (outcome === 'finished') await options.onFinished(run);
  };
  const work = async (): Promise<void> => {
    for (let run = queue.shift(); run && !stopping; run = queue.shift()) {
      try {
        await execute(run);
      } catch (error) {
        failures.push({ run, error });
        // A run that failed before its first file leaves an empty folder.
        await removeIfEmpty(comparePaths(options.folder).run(run.id));
        await options.onFailed({ run, error });
      }
    }
  };
  const done = Promise.all(Array.from({ length: options.jobs }, work)).then(() => ({
    stopped: stopping !== undefined,
    failures,
  }));
  return {
    done,
    stop: (...how) => {
      stopping = how;
      for (const run of active) run.stop(...how);
    },
  };
}

async function begin(run: PlannedRun, { folder, onStart, onEvent, start = startTraining }: ExecuteOptions) {
  const own = comparePaths(folder).run(run.id);
  const resume = existsSync(runPaths(own).last);
  if (!resume) await prepareRunFolder(own, { overwrite: true });
  // A run goes on with its own threads and workers
  const settings = resume ? await readRunSettings(own) : run.settings;
  await onStart(run, resume);
  return start({ settings, folder: own, resume, onEvent: (event) => onEvent(run, event) });
}
