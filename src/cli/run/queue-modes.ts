import { setTimeout as wait } from 'node:timers/promises';
import type { PlannedRun } from '../../compare/experiment/experiment.js';
import { collectDone } from '../../queue/comparison/collect.js';
import { readIdentity } from '../../queue/comparison/identity.js';
import { pauseComparison, taskCounts } from '../../queue/comparison/pause.js';
import { isTaskOf } from '../../queue/comparison/queued-comparison.js';
import type { Connection } from '../../queue/server/connection.js';
import type { Comparison } from '../../queue/server/messages.js';
import { type Registered, readComparisons, unregister } from '../../queue/server/registry.js';
import { readWorkers } from '../../queue/server/worker-states.js';
import { formatNumberOf, printable } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { isLive, widthOf } from '../../report/output.js';
import { fail } from '../../util/error.js';
import { type CliIo, writeLines } from '../io/io.js';
import { workerLines } from '../text/worker-lines.js';
import { onInterrupt } from './interrupt.js';
import { openQueue } from './queue-connection.js';
import { PROCESS } from './stopping.js';

/** Milliseconds between looks. */
const LOOK = 1000;

/** Shows all comparisons and all workers of a queue: on a terminal until a signal, elsewhere once. */
export function watchQueue(queue: string, io: CliIo): Promise<number> {
  return withQueue(queue, io, async (connection) => {
    if (!isLive(io.stdout, io.env)) {
      writeLines(io.stdout, ...(await queueLines(connection)));
      return 0;
    }
    const live = new LiveLines(io.stdout);
    let isOver = false;
    const stopListening = onInterrupt(PROCESS.signals, {
      first: () => {
        isOver = true;
      },
      again: (signal) => PROCESS.end(signal),
    });
    try {
      for (; !isOver; await wait(LOOK)) {
        const lines = await queueLines(connection);
        live.show(lines.map((line) => () => line.slice(0, widthOf(io.stdout))));
      }
      return 0;
    } finally {
      live.clear();
      stopListening();
    }
  });
}

async function queueLines(connection: Connection): Promise<string[]> {
  const comparisons = await readComparisons(connection);
  const counts = await Promise.all(comparisons.map((each) => comparisonLine(connection, each)));
  const none = `no comparison is in the queue at ${connection.address.shown}`;
  return [...(counts.length > 0 ? counts : [none]), ...workerLines(await readWorkers(connection))];
}

async function comparisonLine(connection: Connection, each: Registered): Promise<string> {
  if ('error' in each) return printable(`${each.id}: ${each.error}`);
  const { ready, active, finished, failed, paused } = await taskCounts(connection, each);
  const name = printable(each.name);
  const open = `${ready} to begin, ${active} at work, ${finished} finished, ${failed} failed`;
  return `${name}: ${formatNumberOf(each.planned, 'run')}: ${open}${paused ? ', paused' : ''}`;
}

/** Lets workers begin no more runs of a comparison, or begin again. */
export function pauseQueued(folder: string, queue: string, paused: boolean, io: CliIo): Promise<number> {
  return withQueue(queue, io, async (connection) => {
    await pauseComparison(connection, await findQueued(connection, folder), paused);
    const what = paused ? 'paused: what is at work goes on to its end' : 'goes on';
    writeLines(io.stdout, what);
    return 0;
  });
}

/** Takes a comparison out of the queue. What has finished is collected before. */
export function cancelQueued(folder: string, runs: readonly PlannedRun[], queue: string, io: CliIo): Promise<number> {
  return withQueue(queue, io, async (connection) => {
    const { id } = await findQueued(connection, folder);
    const onCollected = ({ id: run }: PlannedRun) => writeLines(io.stdout, `collected ${run}`);
    const runOf = (task: string) => runs.find((run) => isTaskOf(task, run));
    await collectDone(connection, id, runOf, { folder, onCollected });
    await unregister(connection, id, { cancelled: true });
    writeLines(io.stdout, 'cancelled: workers stop its runs');
    return 0;
  });
}

/** The comparison of a folder in the queue. One that isn't there is an error. */
async function findQueued(connection: Connection, folder: string): Promise<Comparison> {
  const id = await readIdentity(folder);
  const found = (await readComparisons(connection)).find((each) => each.id === id);
  if (found && !('error' in found)) return found;
  return fail(folder, `this comparison is not in the queue at ${connection.address.shown}`, {
    hint: '--watch lists those that are',
  });
}

async function withQueue(queue: string, io: CliIo, work: (connection: Connection) => Promise<number>) {
  const connection = await openQueue(queue, io, (message) => writeLines(io.stderr, `warning   ${printable(message)}`));
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}
