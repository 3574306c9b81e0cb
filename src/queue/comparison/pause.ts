import type { Queue } from 'bullmq';
import type { Connection } from '../server/connection.js';
import type { Comparison } from '../server/messages.js';
import { openLaneQueue } from '../server/registry.js';

type Place = Pick<Comparison, 'id' | 'lanes'>;

/** Lets workers begin no more runs of a comparison, or begin again. */
export async function pauseComparison(connection: Connection, comparison: Place, paused: boolean): Promise<void> {
  await eachLane(connection, comparison, (queue) => (paused ? queue.pause() : queue.resume()));
}

/** How many runs of a comparison stand how in the queue, and whether it is paused. */
export async function taskCounts(connection: Connection, comparison: Place) {
  const lanes = await eachLane(connection, comparison, async (queue) => {
    return { counts: await queue.getJobCounts(), paused: await queue.isPaused() };
  });
  const sum = (...states: readonly string[]) => {
    return lanes.reduce((all, { counts }) => all + states.reduce((own, state) => own + (counts[state] ?? 0), 0), 0);
  };
  return {
    ready: sum('waiting', 'prioritized', 'paused', 'delayed'),
    active: sum('active'),
    finished: sum('completed'),
    failed: sum('failed'),
    paused: lanes.some(({ paused }) => paused),
  };
}

async function eachLane<Answer>(
  connection: Connection,
  { id, lanes }: Place,
  ask: (queue: Queue) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { name } of lanes) {
    const queue = openLaneQueue(connection, id, name);
    answers.push(await ask(queue).finally(() => queue.close()));
  }
  return answers;
}
