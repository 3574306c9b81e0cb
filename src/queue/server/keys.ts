/** What all keys in the server's database begin with, BullMQ's too. */
export const PREFIX = 'agon';

/** The comparisons in the queue by their ids: a hash of registrations. */
export const COMPARISONS = `${PREFIX}:comparisons`;

/** Where a worker says how it stands, and what all of these match. */
export const workerKey = (worker: string) => `${PREFIX}:worker:${worker}`;
export const ALL_WORKERS = workerKey('*');

/** That a comparison was cancelled, for those who watch it. */
export const cancelledKey = (comparison: string) => `${PREFIX}:cancelled:${comparison}`;

/** Results that are there whole and are to be collected: a set of tasks. */
export const doneKey = (comparison: string) => `${PREFIX}:done:${comparison}`;

/** Who has a task's newest claim, and what its result consists of. */
export const taskKey = (comparison: string, task: string) => `${PREFIX}:task:${comparison}:${task}`;

/** The files of a task's result in chunks, sent under one claim. */
export const filesKey = (comparison: string, task: string, token: string) => {
  return `${PREFIX}:files:${comparison}:${task}:${token}`;
};

/** What the keys of a comparison's queues, tasks and files match. */
export const ownKeys = (comparison: string) => [
  `${PREFIX}:${comparison}.*`,
  `${PREFIX}:task:${comparison}:*`,
  `${PREFIX}:files:${comparison}:*`,
];

/** The queue of BullMQ that holds the tasks of a comparison that need the same data. */
export const laneQueue = (comparison: string, lane: string) => `${comparison}.${lane}`;

/** A key of that queue, as BullMQ names it. */
export const bullKey = (queue: string, name: string) => `${PREFIX}:${queue}:${name}`;
