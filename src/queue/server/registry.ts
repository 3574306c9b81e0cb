import type { Queue } from 'bullmq';
import { ONNXRUNTIME_VERSION } from '../../runtime/version.js';
import { messageOf } from '../../util/error.js';
import { AGON_VERSION } from '../../util/version.js';
import type { Connection } from './connection.js';
import { COMPARISONS, cancelledKey, doneKey, laneQueue, ownKeys, PREFIX } from './keys.js';
import { type Comparison, comparisonSchema, readMessage } from './messages.js';
import { keysLike } from './worker-states.js';

/** Those of this process. */
export const VERSIONS = { agon: AGON_VERSION, onnxruntime: ONNXRUNTIME_VERSION } as const;

/** Versions that work together. */
export type Versions = Readonly<Record<keyof typeof VERSIONS, string>>;

/** So long it is known that a comparison was cancelled, in seconds. */
const CANCELLED_SECONDS = 24 * 3600;

/** A comparison in the queue, or why what is there under its id can't be read. */
export type Registered = Comparison | { readonly id: string; readonly error: string };

/** All comparisons in the queue, the oldest first. */
export async function readComparisons({ redis }: Connection): Promise<Registered[]> {
  const all = Object.entries(await redis.hgetall(COMPARISONS)).map(([id, text]): Registered => {
    try {
      return readMessage(comparisonSchema, text, `comparison ${id}`);
    } catch (error) {
      return { id, error: messageOf(error) };
    }
  });
  const createdOf = (each: Registered) => ('created' in each ? each.created : 0);
  return all.sort((a, b) => createdOf(a) - createdOf(b));
}

/** Puts a comparison among those of the queue, or what it is now in the place of what it was. */
export async function register({ redis }: Connection, comparison: Comparison): Promise<void> {
  await redis.unlink(cancelledKey(comparison.id));
  await redis.hset(COMPARISONS, comparison.id, JSON.stringify(comparison));
}

/** How a comparison stands in the queue. */
export async function statusOf({ redis }: Connection, id: string): Promise<'there' | 'cancelled' | 'absent'> {
  if ((await redis.hexists(COMPARISONS, id)) === 1) return 'there';
  return (await redis.exists(cancelledKey(id))) === 1 ? 'cancelled' : 'absent';
}

/** Takes a comparison out of the queue with all that belongs to it: no claim on its tasks holds any longer. */
export async function unregister(connection: Connection, id: string, { cancelled = false } = {}): Promise<void> {
  const { redis } = connection;
  if (cancelled) await redis.set(cancelledKey(id), '1', 'EX', CANCELLED_SECONDS);
  await redis.hdel(COMPARISONS, id);
  await removeKeys(connection, id);
}

/** Removes all that there is of a comparison which isn't in the queue any more. */
export async function removeKeys({ redis }: Connection, id: string): Promise<void> {
  for (const pattern of ownKeys(id)) {
    const keys = await keysLike(redis, pattern);
    if (keys.length > 0) await redis.unlink(keys);
  }
  await redis.unlink(doneKey(id));
}

/** How queues of BullMQ are opened on a connection. */
export function queueOptions({ redis }: Connection) {
  return { connection: redis, prefix: PREFIX, skipVersionCheck: true } as const;
}

/** The queue of a comparison's lane. */
export function openLaneQueue(connection: Connection, comparison: string, lane: string): Queue {
  const queue = new connection.library.bullmq.Queue(laneQueue(comparison, lane), queueOptions(connection));
  // The connection itself tells what is wrong with it
  queue.on('error', () => undefined);
  return queue;
}

/** What keeps this process from a comparison of other versions; undefined where nothing does. */
export function refusal(wanted: Versions): string | undefined {
  if (wanted.agon === VERSIONS.agon && wanted.onnxruntime === VERSIONS.onnxruntime) return undefined;
  return `expected ${formatVersions(wanted)}, got ${formatVersions(VERSIONS)}`;
}

/** What keeps it from a comparison in the queue, which may not even be read. */
export function refusalOf(each: Registered): string | undefined {
  return 'error' in each ? each.error : refusal(each);
}

function formatVersions({ agon, onnxruntime }: Versions): string {
  return `Agon ${agon} with ONNX Runtime ${onnxruntime}`;
}
