import type { Connection } from './connection.js';
import { ALL_WORKERS, workerKey } from './keys.js';
import { readMessage, type WorkerState, workerSchema } from './messages.js';

/** A worker that has said nothing for so long isn't shown any more, in milliseconds. */
const SILENT_MILLISECONDS = 15_000;

/** Says how a worker stands. */
export async function tellState({ redis }: Connection, state: WorkerState): Promise<void> {
  await redis.set(workerKey(state.id), JSON.stringify(state), 'PX', SILENT_MILLISECONDS);
}

/** A worker ends. */
export async function forgetWorker({ redis }: Connection, id: string): Promise<void> {
  await redis.unlink(workerKey(id));
}

/** All workers that have said something lately, by machine. What another version says is left out. */
export async function readWorkers({ redis }: Connection): Promise<WorkerState[]> {
  const keys = await keysLike(redis, ALL_WORKERS);
  if (keys.length === 0) return [];
  const texts = await redis.mget(keys);
  const states = texts.flatMap((text) => (text === null ? [] : stateIn(text)));
  return states.sort((a, b) => a.host.localeCompare(b.host) || a.pid - b.pid);
}

function stateIn(text: string): WorkerState[] {
  try {
    return [readMessage(workerSchema, text, 'a worker')];
  } catch {
    return [];
  }
}

/** All keys that match a pattern. */
export async function keysLike(redis: Connection['redis'], pattern: string): Promise<string[]> {
  const found = new Set<string>();
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 500);
    for (const key of keys) found.add(key);
    cursor = next;
  } while (cursor !== '0');
  return [...found];
}
