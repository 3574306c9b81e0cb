import { executeRuns, type Failure } from '../../compare/execute.js';
import type { PlannedRun } from '../../compare/experiment/experiment.js';
import { comparePaths, isWhole, unlockComparisonAtOnce } from '../../compare/experiment/folder.js';
import type { TrainEvent } from '../../events/events.js';
import { openRunLog } from '../../report/log/run-log.js';
import { startTraining } from '../../run/run.js';
import type { DataPaths } from '../../settings/setting-paths.js';
import { runPaths } from '../../store/run-folder.js';
import type { Task } from '../server/messages.js';

/** A task's run under way, in a thread of its own. */
export interface TaskTraining {
  /** Where the run is. */
  readonly folder: string;
  /** Rejects with the run's error. */
  readonly done: Promise<'finished' | 'stopped'>;
  /** Asks for a clean stop, with a checkpoint; `atOnce`: without. */
  stop(how?: { readonly atOnce?: boolean }): void;
  /** Gives back the run's lock before the process ends without its threads. */
  unlock(): void;
}

export interface TaskTrainingOptions {
  /** Of this task on this machine: a run in it that was begun here goes on, one that is finished stays. */
  readonly folder: string;
  readonly dataPaths: DataPaths;
  /** Threads of a run that doesn't say how many. */
  readonly threads?: number | undefined;
  readonly onStart: (resumed: boolean) => void;
  readonly onEvent: (event: TrainEvent) => void;
}

/** Trains a task's run. What it leaves, its log too, is as if it had been trained where it is asked for. */
export function trainTask(task: Task, options: TaskTrainingOptions): TaskTraining {
  const { folder, dataPaths, threads, onStart, onEvent } = options;
  const { settings } = task.run;
  const run: PlannedRun = { ...task.run, settings: { ...settings, threads: settings.threads ?? threads } };
  const own = comparePaths(folder).run(run.id);
  const { log: path } = runPaths(own);
  let failure: unknown;
  let log: ReturnType<typeof openRunLog> | undefined;
  const closeLog = async () => {
    const open = log;
    log = undefined;
    await open?.close();
  };
  const execution = executeRuns([run], {
    folder,
    jobs: 1,
    start: (given) => startTraining({ ...given, dataPaths }),
    onStart: (_, resumed) => {
      const fail = (error: unknown) => {
        failure ??= error;
        execution.stop();
      };
      log = openRunLog(path, { onFailure: fail });
      onStart(resumed);
    },
    onEvent: (_, event) => {
      onEvent(event);
      return log?.onEvent(asThere(event, task));
    },
    onFinished: closeLog,
    onFailed: () => closeLog().catch(() => undefined),
  });
  return {
    folder: own,
    done: execution.done.then(async ({ failures, stopped }) => {
      await closeLog().catch((error: unknown) => {
        failure ??= error;
      });
      return outcomeOf(failures, failure, stopped && !(await isWhole(folder, run)));
    }),
    stop: execution.stop,
    unlock: () => unlockComparisonAtOnce(folder, [run]),
  };
}

function outcomeOf(failures: readonly Failure[], failure: unknown, stopped: boolean): 'finished' | 'stopped' {
  const [first] = failures;
  if (first) throw first.error;
  if (failure !== undefined) throw failure;
  return stopped ? 'stopped' : 'finished';
}

/** An event with the paths of the machine that asked for the run. */
function asThere(event: TrainEvent, { folder, run: { settings } }: Task): TrainEvent {
  if (event.type === 'stop') return { ...event, checkpoint: runPaths(folder).last };
  if (event.type !== 'start') return event;
  return { ...event, folder, data: { ...event.data, name: settings.data } };
}
