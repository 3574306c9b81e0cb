import type { Connection } from './connection.js';
import { bullKey, COMPARISONS, doneKey, filesKey, laneQueue, taskKey } from './keys.js';
import type { Manifest } from './messages.js';

/** A task of a comparison, in its lane. */
export interface TaskPlace {
  readonly comparison: string;
  readonly lane: string;
  /** Id of the job. */
  readonly task: string;
}

/** The right to do a task, until somebody else has it. */
export interface Claim extends TaskPlace {
  /** Of all claims on a task only the newest has the valid token. */
  readonly token: string;
  /** What the lock of BullMQ holds. */
  readonly lock: string;
}

/** `gone`: the comparison is no longer in the queue; `lost`: the lock is another's by now; `done`: the result is there already. */
export type ClaimOutcome = Claim | 'gone' | 'lost' | 'done';

/** `late`: another claim is newer, or the result is there already; `partial`: not all of it is there. */
export type CommitOutcome = 'accepted' | 'late' | 'gone' | 'partial';

/** So long an unfinished result is kept, in seconds. */
const KEEP_SECONDS = 24 * 3600;

/** The commands that the scripts have become. */
interface Commands {
  agonClaim(...args: readonly (string | number)[]): Promise<[string, string?]>;
  agonRenew(...args: readonly (string | number)[]): Promise<0 | 1>;
  agonSend(...args: readonly (string | number | Uint8Array)[]): Promise<0 | 1>;
  agonCommit(...args: readonly (string | number)[]): Promise<CommitOutcome>;
}

const commandsOf = ({ redis }: Connection) => redis as unknown as Commands;
const inBull = ({ comparison, lane }: TaskPlace, name: string) => bullKey(laneQueue(comparison, lane), name);

/** Claims a task whose lock one has. */
export async function claimTask(
  connection: Connection,
  place: TaskPlace,
  lock: string,
  worker: string,
): Promise<ClaimOutcome> {
  const { comparison, task } = place;
  const keys = [COMPARISONS, taskKey(comparison, task), inBull(place, `${task}:lock`)];
  const [outcome, token] = await commandsOf(connection).agonClaim(
    ...keys,
    comparison,
    lock,
    worker,
    filesKey(comparison, task, ''),
  );
  return token === undefined ? (outcome as 'gone') : { ...place, token, lock };
}

/** Renews a claim for so many milliseconds; false where somebody else has the task, or may have it. */
export async function renewClaim(connection: Connection, claim: Claim, milliseconds: number): Promise<boolean> {
  const { comparison, task, token, lock } = claim;
  const keys = [
    taskKey(comparison, task),
    inBull(claim, `${task}:lock`),
    inBull(claim, 'stalled'),
    inBull(claim, 'active'),
  ];
  return (await commandsOf(connection).agonRenew(...keys, token, lock, milliseconds, task)) === 1;
}

/** Sends a chunk of a result; false where the claim is no longer the newest. */
export async function sendChunk(
  connection: Connection,
  { comparison, task, token }: Claim,
  name: string,
  bytes: Uint8Array,
): Promise<boolean> {
  const keys = [taskKey(comparison, task), filesKey(comparison, task, token)];
  return (await commandsOf(connection).agonSend(...keys, token, name, bytes, KEEP_SECONDS)) === 1;
}

/** Makes what was sent the result of the task. */
export function commitResult(connection: Connection, claim: Claim, manifest: Manifest): Promise<CommitOutcome> {
  const { comparison, task, token } = claim;
  const keys = [COMPARISONS, taskKey(comparison, task), filesKey(comparison, task, token), doneKey(comparison)];
  const chunks = manifest.files.reduce((sum, file) => sum + file.chunks, 0);
  return commandsOf(connection).agonCommit(...keys, comparison, token, JSON.stringify(manifest), chunks, task);
}
