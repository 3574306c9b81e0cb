import { type ExecuteOptions, executeRuns, type Failure } from '../../compare/execute.js';
import type { PlannedRun } from '../../compare/experiment/experiment.js';
import { comparePaths, unlockComparisonAtOnce } from '../../compare/experiment/folder.js';
import { forgetFailure, recordFailure, statusOf } from '../../compare/experiment/run-status.js';
import { formatNumberOf, printable } from '../../report/format.js';
import { openRunLog } from '../../report/log/run-log.js';
import { runPaths } from '../../store/run-folder.js';
import { messageOf } from '../../util/error.js';
import { type CliIo, writeLines } from '../io/io.js';
import { CompareProgress } from '../text/compare-progress.js';
import { openRuns } from './open-runs.js';
import { PROCESS, Stopping } from './stopping.js';

/** What came of the runs of a comparison that this process has done. */
export interface Outcome {
  readonly failures: readonly Failure[];
  /** What the process exits with, where the runs were stopped; throws what stopped them where that was no signal. */
  readonly stopped?: (() => number) | undefined;
}

/** Exit code where a run failed. */
const FAILED = 1;

/**
 * Does what isn't finished of some runs of a comparison, so many at a time, and tells how it goes.
 *
 * @param onChecked - Called when all is checked that can be, before the first run begins.
 */
export async function doRuns(
  folder: string,
  runs: readonly PlannedRun[],
  jobs: number,
  { io, onChecked }: { readonly io: CliIo; readonly onChecked: () => Promise<void> },
): Promise<Outcome> {
  const open = await openRuns(folder, runs, io, { jobs });
  await onChecked();
  writeLines(
    io.stdout,
    `${formatNumberOf(runs.length, 'run')}: ${runs.length - open.length} finished, ${open.length} to go, ${jobs} at a time; in ${printable(folder)}`,
  );
  return runAll(folder, open, runs.length, jobs, io);
}

/** Says why runs failed, and how those go on that were stopped; gives the exit code. */
export function endRuns({ failures, stopped }: Outcome, { stderr }: CliIo): number {
  if (failures.length > 0) {
    const lines = failures.map(({ run, error }) => `  ${run.id}: ${printable(messageOf(error))}`);
    writeLines(stderr, '', `${formatNumberOf(failures.length, 'run')} failed; the same command tries again:`, ...lines);
  }
  if (stopped) writeLines(stderr, 'stopped; the same command goes on');
  return stopped?.() ?? (failures.length > 0 ? FAILED : 0);
}

async function runAll(
  folder: string,
  open: readonly PlannedRun[],
  planned: number,
  jobs: number,
  io: CliIo,
): Promise<Outcome> {
  const progress = new CompareProgress(planned, planned - open.length, io);
  const logs = new Map<string, ReturnType<typeof openRunLog>>();
  const closeLog = async ({ id }: PlannedRun) => {
    const log = logs.get(id);
    logs.delete(id);
    await log?.close();
  };
  const options: ExecuteOptions = {
    folder,
    jobs,
    onStart: async (run, resumed) => {
      await forgetFailure(folder, run);
      const { log } = runPaths(comparePaths(folder).run(run.id));
      logs.set(
        run.id,
        openRunLog(log, {
          onFailure: (failure) => stopping.failAt(log, failure),
          onGap: (message) => progress.say(io.stderr, `warning   ${run.id}: ${message}`),
        }),
      );
      progress.begin(run, resumed);
    },
    onEvent: (run, event) => {
      progress.onEvent(run, event);
      return logs.get(run.id)?.onEvent(event);
    },
    onFinished: async (run) => {
      await closeLog(run);
      progress.end(run);
    },
    onFailed: async (failure) => {
      // The run's error is the one to tell, also where the log has one too: a full disk ends both.
      await closeLog(failure.run).catch(() => undefined);
      await keepFailure(folder, failure);
      progress.fail(failure);
    },
  };
  const execution = executeRuns(open, options);
  const subject = {
    stop: execution.stop,
    unlock: () => {
      progress.close();
      unlockComparisonAtOnce(folder, open);
    },
    note: (message: string) => progress.say(io.stderr, message),
  };
  const stopping = new Stopping(subject, 'stopping after the running steps, with checkpoints', PROCESS, io);
  try {
    const { stopped, failures } = await execution.done;
    return { stopped: stopped ? () => stopping.status : undefined, failures };
  } finally {
    stopping.settle();
    progress.close();
    for (const log of logs.values()) await log.close().catch(() => undefined);
  }
}

/** A run that another process trains at this moment hasn't failed: it is only not this process's. */
async function keepFailure(folder: string, { run, error }: Failure): Promise<void> {
  const { state } = await statusOf(folder, run);
  if (state !== 'training') await recordFailure(folder, run, error);
}
