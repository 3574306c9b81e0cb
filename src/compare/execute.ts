import { existsSync } from 'node:fs';
import type { TrainEvent } from '../train/events.js';
import { startTraining, type TrainingRun } from '../train/run.js';
import { prepareRunFolder, readRunSettings, runPaths } from '../train/run-folder.js';
import type { PlannedRun } from './experiment.js';
import { comparePaths } from './folder.js';

export interface ExecuteOptions {
  readonly folder: string;
  /** Runs side by side. */
  readonly jobs: number;
  readonly onStart: (run: PlannedRun, resumed: boolean) => void;
  readonly onEvent: (run: PlannedRun, event: TrainEvent) => void;
  /** After a run has finished. */
  readonly onDone: (run: PlannedRun) => Promise<void>;
  readonly start?: typeof startTraining;
}

/** Runs under way. */
export interface Execution {
  /** Settles when all runs have finished, or after a stop; rejects with the first run's error, after stopping the others. */
  readonly done: Promise<'finished' | 'stopped'>;
  /** Asks all runs for a clean stop. */
  stop(): void;
}

/** Runs what isn't finished, some at a time, in order: a run with a checkpoint goes on, another begins anew. */
export function executeRuns(runs: readonly PlannedRun[], options: ExecuteOptions): Execution {
  const queue = [...runs];
  const active = new Set<TrainingRun>();
  let stopping = false;
  const stop = () => {
    stopping = true;
    for (const run of active) run.stop();
  };
  const work = async (): Promise<void> => {
    for (let run = queue.shift(); run && !stopping; run = queue.shift()) {
      const training = await begin(run, options);
      active.add(training);
      if (stopping) training.stop();
      try {
        if ((await training.done) === 'finished') await options.onDone(run);
      } finally {
        active.delete(training);
      }
    }
  };
  const workers = Array.from({ length: options.jobs }, async () => {
    try {
      await work();
    } catch (error) {
      stop();
      throw error;
    }
  });
  const done = Promise.allSettled(workers).then((outcomes) => {
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    return stopping ? 'stopped' : 'finished';
  });
  return { done, stop };
}

async function begin(run: PlannedRun, { folder, onStart, onEvent, start = startTraining }: ExecuteOptions) {
  const own = comparePaths(folder).run(run.id);
  const resume = existsSync(runPaths(own).last);
  if (!resume) await prepareRunFolder(own, { overwrite: true });
  // A run goes on with its own threads and workers
  const settings = resume ? await readRunSettings(own) : run.settings;
  onStart(run, resume);
  return start({ settings, folder: own, resume, onEvent: (event) => onEvent(run, event) });
}
