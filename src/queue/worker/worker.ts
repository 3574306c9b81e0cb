import { randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fail, messageOf } from '../../util/error.js';
import { removeIfThere } from '../../util/files/files.js';
import type { Connection, OnTrouble } from '../server/connection.js';
import { MESSAGES, type WorkerState } from '../server/messages.js';
import { type Registered, readComparisons, refusalOf, VERSIONS } from '../server/registry.js';
import { forgetWorker, tellState } from '../server/worker-states.js';
import { type ActiveTask, doTask, type TaskListener, type WorkPlace } from './do-task.js';
import { OpenLanes } from './open-lanes.js';

/** Waits in milliseconds: where no task is ready, and between looks at which comparisons there are. */
const IDLE = 300;
const LOOK = 1500;

export interface WorkerOptions {
  /** Runs side by side. */
  readonly jobs: number;
  /** Where runs are until their results have been sent; of this worker alone. */
  readonly folder: string;
  /** Paths of data on this machine. */
  readonly data: readonly string[];
  /** A worker that gives no sign for so long loses its runs to others, in seconds. */
  readonly lockSeconds: number;
  /** Threads of a run that doesn't say how many. */
  readonly threads: number | undefined;
  readonly listener: TaskListener;
  /** What runs are doing at the moment: the text after their names. */
  readonly doing: (run: string) => string;
  readonly onTrouble: OnTrouble;
}

/** A worker that takes runs from a queue until it is stopped. */
export interface QueueWorker {
  /** Settles after a stop, when all its runs have ended and the queue knows. */
  readonly done: Promise<void>;
  /** Takes nothing more; its runs go back to the queue, with checkpoints here. */
  stop(how?: { readonly atOnce?: boolean }): void;
  /** Gives back the locks of its folders, before the process ends without its threads. */
  unlock(): void;
}

/** Starts a worker. One that no comparison of the queue wants, because of its versions, is an error. */
export async function startWorker(connection: Connection, options: WorkerOptions): Promise<QueueWorker> {
  const comparisons = await readComparisons(connection);
  checkWanted(comparisons);
  await removeAbandoned(options.folder, comparisons);
  const working = new Working(connection, options);
  const done = working.run().finally(() => working.close());
  return { done, stop: (how) => working.stop(how), unlock: () => working.unlock() };
}

/** Fails where all comparisons are of other versions. */
function checkWanted(comparisons: readonly Registered[]): void {
  const reasons = comparisons.map(refusalOf);
  const [first] = reasons;
  if (first === undefined || reasons.some((reason) => reason === undefined)) return;
  fail('worker', `every comparison in the queue refuses it: ${first}`, {
    hint: 'Use the same versions on all machines',
  });
}

/** The name of a comparison's folder, and how long one is kept that isn't in the queue, in milliseconds. */
const COMPARISON = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const KEEP = 7 * 24 * 3600 * 1000;

/** What has been here for long of comparisons that are over, or in another queue. */
async function removeAbandoned(folder: string, comparisons: readonly Registered[]): Promise<void> {
  const ids = new Set(comparisons.map(({ id }) => id));
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!COMPARISON.test(name) || ids.has(name)) continue;
    if (Date.now() - (await stat(path)).mtimeMs > KEEP) await removeIfThere(path);
  }
}

class Working {
  readonly #id = randomUUID();
  readonly #active = new Map<string, ActiveTask & { readonly comparison: string; readonly run: string }>();
  readonly #place: WorkPlace;
  readonly #lanes: OpenLanes;
  #stopping = false;
  #taken = 0;
  #looked = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly connection: Connection,
    private readonly options: WorkerOptions,
  ) {
    const { data, folder, lockSeconds, threads, onTrouble } = options;
    const lockMilliseconds = 1000 * lockSeconds;
    this.#place = { connection, worker: this.#id, folder, lockMilliseconds, threads, onTrouble };
    this.#lanes = new OpenLanes(connection, data, lockMilliseconds, onTrouble);
  }

  async run(): Promise<void> {
    let lastTrouble = '';
    while (!this.#stopping) {
      let isBusy = false;
      try {
        await this.#look();
        isBusy = this.#active.size < this.options.jobs && (await this.#takeOne());
        lastTrouble = '';
      } catch (error) {
        const message = messageOf(error);
        if (message !== lastTrouble) this.options.onTrouble(`the queue: ${message}`);
        lastTrouble = message;
      }
      if (!isBusy) await this.#idle();
    }
    while (this.#active.size > 0) await Promise.race([...this.#active.values()].map(({ done }) => done));
  }

  stop(how: { readonly atOnce?: boolean } = {}): void {
    this.#stopping = true;
    for (const task of this.#active.values()) task.stop(how);
  }

  unlock(): void {
    for (const task of this.#active.values()) task.unlock();
  }

  async close(): Promise<void> {
    await this.#lanes.close();
    await forgetWorker(this.connection, this.#id).catch(() => undefined);
  }

  /** Until a task ends, or for a moment. */
  async #idle(): Promise<void> {
    const ends = [...this.#active.values()].map(({ done }) => done);
    await Promise.race([wait(IDLE), ...ends]);
  }

  async #look(): Promise<void> {
    if (performance.now() - this.#looked < LOOK) return;
    this.#looked = performance.now();
    await this.#lanes.update(await readComparisons(this.connection));
    await tellState(this.connection, this.#state());
  }

  #state(): WorkerState {
    const { jobs, doing } = this.options;
    const runs = [...this.#active.values()].map(({ comparison, run }) => ({ comparison, run, doing: doing(run) }));
    const { pid } = process;
    const lacks = [...this.#lanes.lacks];
    return { version: MESSAGES, id: this.#id, host: hostname(), pid, ...VERSIONS, jobs, runs, lacks };
  }

  /** Begins the next task, if one is ready. */
  async #takeOne(): Promise<boolean> {
    for (const lane of this.#lanes.all) {
      const job = await lane.take(`${this.#id}:${this.#taken++}`);
      if (!job?.id) continue;
      const key = `${lane.comparison}.${job.id}`;
      const { onTrouble, listener } = this.options;
      // Of an earlier claim, which was lost: it is ending
      await this.#active.get(key)?.done;
      const task = doTask(job, lane, this.#place, listener);
      const done = task.done
        .catch((error: unknown) => onTrouble(`${job.id}: ${messageOf(error)}`))
        .finally(() => this.#active.delete(key));
      this.#active.set(key, { ...task, done, comparison: lane.comparison, run: job.name });
      if (this.#stopping) task.stop();
      return true;
    }
    return false;
  }
}
