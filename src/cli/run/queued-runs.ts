import type { Failure } from '../../compare/execute.js';
import type { Experiment, PlannedRun } from '../../compare/experiment/experiment.js';
import { unlockComparisonAtOnce } from '../../compare/experiment/folder.js';
import { collectRuns } from '../../queue/comparison/collect.js';
import { readIdentity, settleIdentity } from '../../queue/comparison/identity.js';
import { QueuedComparison } from '../../queue/comparison/queued-comparison.js';
import type { Connection } from '../../queue/server/connection.js';
import { unregister } from '../../queue/server/registry.js';
import { formatNumberOf, printable } from '../../report/format.js';
import { type CliIo, writeLines } from '../io/io.js';
import { QueueProgress } from '../text/queue-progress.js';
import type { Outcome } from './compared-runs.js';
import { onInterrupt, STOPPED, type StopSignal } from './interrupt.js';
import { openRuns } from './open-runs.js';
import { openQueue } from './queue-connection.js';
import { PROCESS } from './stopping.js';

/** A comparison whose runs workers do. */
export interface Queueing {
  readonly folder: string;
  readonly experiment: Experiment;
  readonly runs: readonly PlannedRun[];
  /** Address of the queue. */
  readonly queue: string;
}

/**
 * Lets the workers of a queue do what isn't finished of a comparison, and collects it. After a signal the queue goes on without this process.
 *
 * @param onChecked - Called when all is checked that can be, before the first run is queued.
 */
export async function queueRuns(
  { folder, experiment, runs, queue }: Queueing,
  { io, onChecked }: { readonly io: CliIo; readonly onChecked: () => Promise<void> },
): Promise<Outcome> {
  let say = (message: string) => writeLines(io.stderr, message);
  const onTrouble = (message: string) => say(`warning   ${printable(message)}`);
  const connection = await openQueue(queue, io, onTrouble);
  try {
    const open = await openRuns(folder, runs, io, { elsewhere: true });
    await onChecked();
    if (open.length === 0) return await endQueued(connection, folder, []);
    const id = await settleIdentity(folder);
    const options = { id, experiment, folder, planned: runs.length, runs: open };
    const comparison = await QueuedComparison.plan(connection, options);
    const progress = new QueueProgress(id, runs.length, runs.length - open.length, io);
    say = (message) => progress.say(io.stderr, message);
    const counts = `${runs.length - open.length} finished, ${open.length} to go`;
    writeLines(io.stdout, `${formatNumberOf(runs.length, 'run')}: ${counts}; in ${printable(folder)}`);
    try {
      await comparison.enqueue({ afresh: true });
      writeLines(io.stdout, `queued at ${connection.address.shown}: agon worker takes them`);
      return await collect(connection, comparison, { id, folder, progress, onTrouble, say: (text) => say(text) });
    } finally {
      progress.close();
      await comparison.close();
    }
  } finally {
    connection.close();
  }
}

interface Collecting {
  readonly id: string;
  readonly folder: string;
  readonly progress: QueueProgress;
  readonly onTrouble: (message: string) => void;
  readonly say: (message: string) => void;
}

async function collect(
  connection: Connection,
  comparison: QueuedComparison,
  { id, folder, progress, onTrouble, say }: Collecting,
): Promise<Outcome> {
  let signal: StopSignal | undefined;
  const stopListening = onInterrupt(PROCESS.signals, {
    first: (which) => {
      signal = which;
    },
    again: (which) => {
      progress.close();
      unlockComparisonAtOnce(folder, []);
      PROCESS.end(which);
    },
  });
  const failures: Failure[] = [];
  try {
    const ended = await collectRuns(connection, comparison, {
      id,
      folder,
      stopped: () => signal !== undefined,
      onCollected: (run) => progress.onCollected(run),
      onFailed: (run, error) => {
        failures.push({ run, error });
        progress.onFailed(run, error);
      },
      onLook: (workers) => progress.onLook(workers),
      onTrouble,
    });
    if (ended === 'ended') return await endQueued(connection, folder, failures);
    if (ended === 'cancelled') say('the comparison was cancelled: what has finished stays');
    else say('the queue goes on without this process');
    return { failures, stopped: () => (signal ? STOPPED[signal] : CANCELLED) };
  } finally {
    stopListening();
  }
}

/** Exit code where somebody has cancelled the comparison. */
const CANCELLED = 1;

/** Nothing of the comparison is left to do: nothing of it stays in the queue. */
async function endQueued(connection: Connection, folder: string, failures: readonly Failure[]): Promise<Outcome> {
  const id = await readIdentity(folder);
  if (id !== undefined) await unregister(connection, id);
  return { failures };
}
