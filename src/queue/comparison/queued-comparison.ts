import type { Job, Queue } from 'bullmq';
import type { Experiment, PlannedRun } from '../../compare/experiment/experiment.js';
import { comparePaths } from '../../compare/experiment/folder.js';
import { absolutePaths } from '../../store/absolute-paths.js';
import { present } from '../../util/error.js';
import { sha256 } from '../../util/files/sha256.js';
import { Digests, laneOf, needsOf } from '../needs.js';
import type { Connection } from '../server/connection.js';
import { doneKey, taskKey } from '../server/keys.js';
import { type Comparison, MESSAGES, type Task } from '../server/messages.js';
import { openLaneQueue, register, VERSIONS } from '../server/registry.js';

/** Times that a run is tried which ends with an error, and the wait before the second in milliseconds; each later one is twice as long. */
const ATTEMPTS = 3;
const BACKOFF_MILLISECONDS = 2000;

/** A run as a job: the job's id says also with which settings and versions it is to be done. */
interface Planned {
  readonly id: string;
  readonly lane: string;
  readonly priority: number;
  readonly run: PlannedRun;
  readonly task: Task;
}

/** What the queue is to do of a comparison. */
export interface QueuedOptions {
  /** Of the comparison. */
  readonly id: string;
  readonly experiment: Experiment;
  readonly folder: string;
  /** Runs of the plan, in all. */
  readonly planned: number;
  /** Those that are to be done. */
  readonly runs: readonly PlannedRun[];
}

/** A comparison whose runs are in the queue. */
export class QueuedComparison {
  readonly #queues: ReadonlyMap<string, Queue>;

  private constructor(
    private readonly connection: Connection,
    private readonly comparison: Comparison,
    private readonly planned: readonly Planned[],
  ) {
    const open = (lane: string) => openLaneQueue(connection, comparison.id, lane);
    this.#queues = new Map(comparison.lanes.map(({ name }) => [name, open(name)]));
  }

  /** Finds out what the runs need. Nothing is in the queue yet. */
  static async plan(connection: Connection, options: QueuedOptions): Promise<QueuedComparison> {
    const { id, experiment, planned } = options;
    const tasks = await planTasks(options);
    const lanes = new Map(tasks.map(({ lane, task: { needs } }) => [lane, needs]));
    const comparison: Comparison = {
      version: MESSAGES,
      id,
      name: experiment.name,
      ...VERSIONS,
      planned,
      created: Date.now(),
      lanes: [...lanes].map(([name, needs]) => ({ name, needs })),
    };
    return new QueuedComparison(connection, comparison, tasks);
  }

  /** The runs by the ids of their tasks. */
  get runs(): ReadonlyMap<string, PlannedRun> {
    return new Map(this.planned.map(({ id, run }) => [id, run]));
  }

  /** Puts into the queue what isn't there. What is there from before and isn't wanted any more goes; what had failed begins anew. */
  async enqueue({ afresh, only }: { readonly afresh: boolean; readonly only?: ReadonlySet<string> }): Promise<void> {
    await register(this.connection, this.comparison);
    for (const [lane, queue] of this.#queues) {
      const wanted = this.planned.filter((each) => each.lane === lane);
      if (afresh) await this.#removeEnded(queue, wanted);
      const missing = only ? wanted.filter(({ id }) => only.has(id)) : wanted;
      await queue.addBulk(missing.map(({ id, priority, run, task }) => jobOf(id, priority, run, task)));
    }
  }

  /** Those that have failed for good, by their tasks, and why. */
  async failures(): Promise<ReadonlyMap<string, string>> {
    const failed = await Promise.all([...this.#queues.values()].map((queue) => queue.getFailed()));
    return new Map(failed.flat().map(({ id, failedReason }: Job) => [present(id, "a job's id"), failedReason]));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close().catch(() => undefined)));
  }

  /** Jobs that have failed, or whose results have been collected from a folder that is gone. */
  async #removeEnded(queue: Queue, wanted: readonly Planned[]): Promise<void> {
    const { id: comparison } = this.comparison;
    const ids = new Set(wanted.map(({ id }) => id));
    const jobs = await queue.getJobs();
    for (const job of jobs) {
      const id = present(job?.id, "a job's id");
      if (ids.has(id) && !(await this.#isOver(job, id))) continue;
      await this.connection.redis.unlink(taskKey(comparison, id));
      // One that is at work loses its claim with the key, and its lock runs out
      await job.remove().catch(() => undefined);
    }
  }

  /** A result is among those that wait for collection before its job is completed: so it is asked for after that. */
  async #isOver(job: Job, id: string): Promise<boolean> {
    if (await job.isFailed()) return true;
    if (!(await job.isCompleted())) return false;
    return (await this.connection.redis.sismember(doneKey(this.comparison.id), id)) === 0;
  }
}

async function planTasks({ id, runs, folder }: QueuedOptions): Promise<Planned[]> {
  const digests = new Digests();
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  return Promise.all(
    runs.map(async (run) => {
      const settings = absolutePaths(run.settings);
      const needs = await needsOf(settings, digests);
      const { id: name, group, method, seed } = run;
      const task: Task = {
        version: MESSAGES,
        comparison: id,
        ...VERSIONS,
        run: { id: name, group, method, seed, settings },
        folder: comparePaths(folder).run(name),
        needs,
      };
      // 0 is no priority, and goes before all others
      return { id: taskId(task), lane: laneOf(needs), priority: 1 + seeds.indexOf(seed), run, task };
    }),
  );
}

function taskId({ run, agon, onnxruntime, needs }: Task): string {
  return `${run.id}.${sha256([JSON.stringify([run, agon, onnxruntime, laneOf(needs)])]).slice(0, 8)}`;
}

/** Whether a task is one of this run, with whatever settings. */
export function isTaskOf(task: string, { id }: Pick<PlannedRun, 'id'>): boolean {
  return task.slice(0, task.lastIndexOf('.')) === id;
}

function jobOf(jobId: string, priority: number, run: PlannedRun, data: Task) {
  const backoff = { type: 'exponential', delay: BACKOFF_MILLISECONDS };
  return { name: run.id, data, opts: { jobId, priority, attempts: ATTEMPTS, backoff } };
}
