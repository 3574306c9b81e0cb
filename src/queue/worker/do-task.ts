import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Job } from 'bullmq';
import { comparePaths, isWhole } from '../../compare/experiment/folder.js';
import type { TrainEvent } from '../../events/events.js';
import { AgonError, fail, messageOf, present } from '../../util/error.js';
import { removeIfEmpty, removeIfThere } from '../../util/files/files.js';
import { type Claim, claimTask } from '../server/claim.js';
import type { Connection, OnTrouble } from '../server/connection.js';
import { isFull } from '../server/full.js';
import { readMessage, type Task, taskSchema } from '../server/messages.js';
import { refusal, statusOf } from '../server/registry.js';
import { KeptClaim } from './kept-claim.js';
import type { Lane } from './lane.js';
import { sendResult } from './send-result.js';
import { trainTask } from './train-task.js';

/** What a worker does tasks with. */
export interface WorkPlace {
  readonly connection: Connection;
  /** Id of the worker. */
  readonly worker: string;
  /** Where runs are until their results have been sent. */
  readonly folder: string;
  readonly lockMilliseconds: number;
  readonly threads: number | undefined;
  readonly onTrouble: OnTrouble;
}

/**
 * `finished`: the result is in the queue; `lost`: the run is another worker's by now, or nobody wants it any more; `given back`: another
 * worker may begin it; `failed`: it ended with an error, and is tried again or not as the queue says.
 */
export type TaskOutcome = 'finished' | 'lost' | 'given back' | 'failed';

/** Who is told of a task. */
export interface TaskListener {
  onStart(task: Task, resumed: boolean): void;
  onEvent(task: Task, event: TrainEvent): void;
  onEnd(task: Task, outcome: TaskOutcome, detail?: string): void;
}

/** A task under way. */
export interface ActiveTask {
  /** Settles when the queue knows how it ended. */
  readonly done: Promise<void>;
  /** Asks for a stop: the run goes back to the queue, its checkpoint stays here; `atOnce`: without a new checkpoint. */
  stop(how?: { readonly atOnce?: boolean }): void;
  unlock(): void;
}

/** Does a task whose lock one has, to its end in the queue. */
export function doTask(job: Job, lane: Lane, place: WorkPlace, listener: TaskListener): ActiveTask {
  const doing = new Doing(job, lane, place, listener);
  return { done: doing.run(), stop: (how) => doing.stop(how), unlock: () => doing.unlock() };
}

class Doing {
  #stopping: { readonly atOnce?: boolean } | undefined;
  #training: ReturnType<typeof trainTask> | undefined;
  readonly #lock: string;
  readonly #id: string;

  constructor(
    private readonly job: Job,
    private readonly lane: Lane,
    private readonly place: WorkPlace,
    private readonly listener: TaskListener,
  ) {
    this.#lock = present(job.token, "a job's lock");
    this.#id = present(job.id, "a job's id");
  }

  stop(how: { readonly atOnce?: boolean } = {}): void {
    this.#stopping = how;
    this.#training?.stop(how);
  }

  unlock(): void {
    this.#training?.unlock();
  }

  async run(): Promise<void> {
    const { job, lane, place } = this;
    const where = { comparison: lane.comparison, lane: lane.name, task: this.#id };
    const claim = await claimTask(place.connection, where, this.#lock, place.worker);
    if (claim === 'done') await this.#tell(() => job.moveToCompleted(null, this.#lock, false));
    else if (typeof claim === 'string') return;
    else if (job.deferredFailure) await this.#fail(new Error('its worker was lost again and again'), { last: true });
    else await this.#do(claim);
  }

  async #do(claim: Claim): Promise<void> {
    let task: Task;
    try {
      task = readMessage(taskSchema, this.job.data, `task ${this.#id}`);
      const refused = refusal(task);
      if (refused) fail(`task ${this.#id}`, refused);
    } catch (error) {
      await this.#fail(error, { last: true });
      return;
    }
    const { connection, lockMilliseconds, onTrouble } = this.place;
    const kept = new KeptClaim(connection, claim, lockMilliseconds, { onTrouble, onLost: () => this.stop() });
    try {
      const outcome = await this.#trainAndSend(task, claim);
      if (kept.isLost && outcome !== 'finished') await this.#lose(task);
      else await this.#end(task, outcome);
    } catch (error) {
      if (!kept.isLost) await this.#fail(error, { last: error instanceof AgonError && error.code === 'diverged' });
      this.listener.onEnd(task, kept.isLost ? 'lost' : 'failed', messageOf(error));
    } finally {
      kept.release();
    }
  }

  async #trainAndSend(task: Task, claim: Claim): Promise<TaskOutcome> {
    const { connection, worker, onTrouble } = this.place;
    const folder = join(this.place.folder, task.comparison, this.#id);
    const training = await this.#train(task, folder);
    if ((await training.done) === 'stopped') return 'given back';
    const givenUp = () => this.#stopping !== undefined;
    const sent = await sendResult(connection, claim, training.folder, { worker, onTrouble, givenUp });
    if (sent === 'given up') return 'given back';
    if (sent === 'late') onTrouble(`${this.#id}: its result is refused: another worker has the run by now`);
    // Another has it, or nobody wants it: what is here is of no use any more
    await removeIfThere(folder);
    await removeIfEmpty(dirname(folder));
    return sent === 'accepted' ? 'finished' : 'lost';
  }

  /** A run that was finished here, and not sent, needs no training. */
  async #train(task: Task, folder: string): Promise<Pick<ReturnType<typeof trainTask>, 'done' | 'folder'>> {
    if (existsSync(folder) && (await isWhole(folder, task.run))) {
      return { folder: comparePaths(folder).run(task.run.id), done: Promise.resolve('finished') };
    }
    const { threads } = this.place;
    this.#training = trainTask(task, {
      folder,
      dataPaths: this.lane.dataPaths,
      threads,
      onStart: (resumed) => this.listener.onStart(task, resumed),
      onEvent: (event) => this.listener.onEvent(task, event),
    });
    if (this.#stopping) this.#training.stop(this.#stopping);
    return this.#training;
  }

  async #end(task: Task, outcome: TaskOutcome): Promise<void> {
    if (outcome === 'finished') await this.#tell(() => this.job.moveToCompleted(null, this.#lock, false));
    if (outcome === 'given back') await this.#tell(() => this.job.moveToWait(this.#lock));
    this.listener.onEnd(task, outcome);
  }

  /** What is here of the run is kept, unless its comparison is over. */
  async #lose(task: Task): Promise<void> {
    const { connection, folder } = this.place;
    const status = await statusOf(connection, task.comparison);
    if (status !== 'there') await removeIfThere(join(folder, task.comparison, this.#id));
    await removeIfEmpty(join(folder, task.comparison));
    this.listener.onEnd(task, 'lost');
  }

  /** @param last - whether to try it again would come to the same. */
  async #fail(error: unknown, { last = false }: { readonly last?: boolean }): Promise<void> {
    const { UnrecoverableError } = this.place.connection.library.bullmq;
    const message = messageOf(error);
    const told = last ? new UnrecoverableError(message) : new Error(message);
    // The queue keeps it: where it was thrown is of no use there
    told.stack = message;
    await this.#tell(() => this.job.moveToFailed(told, this.#lock, false));
  }

  /** Where the queue has no room, or has given the task to another, the task comes up again, and its end is found out then. */
  async #tell(tell: () => Promise<unknown>): Promise<void> {
    try {
      await tell();
    } catch (error) {
      if (isFull(error)) this.place.onTrouble(`${this.#id}: the queue's memory is full`);
    }
  }
}
