import { join } from 'node:path';
import type { TaskListener, TaskOutcome } from '../../queue/worker/do-task.js';
import { startWorker, type WorkerOptions } from '../../queue/worker/worker.js';
import { formatNumberOf, printable } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { isLive, type Output, widthOf } from '../../report/output.js';
import { makeFolders } from '../../util/files/files.js';
import { lockFolder, releaseAtOnce } from '../../util/files/folder-lock.js';
import { type CliIo, writeLines } from '../io/io.js';
import { RunLine } from '../text/run-line.js';
import { openQueue } from './queue-connection.js';
import { PROCESS, Stopping } from './stopping.js';

type Options = Omit<WorkerOptions, 'listener' | 'doing' | 'onTrouble'> & {
  /** Address of the queue. */
  readonly queue: string;
};

const PROMISE = 'stopping after the running steps, with checkpoints; the runs go back to the queue';

/** Does runs of a queue until a signal comes. */
export async function runWorker({ queue, ...options }: Options, io: CliIo): Promise<number> {
  const show = new WorkerShow(io);
  const onTrouble = (message: string) => show.say(io.stderr, `warning   ${printable(message)}`);
  const { folder, jobs } = options;
  await makeFolders(folder);
  const lockPath = join(folder, 'worker.lock');
  const lock = await lockFolder(lockPath, { verb: 'is working', noun: 'worker' });
  try {
    const connection = await openQueue(queue, io, onTrouble);
    try {
      const doing = (run: string) => show.doing(run);
      const worker = await startWorker(connection, { ...options, listener: show, doing, onTrouble });
      show.say(io.stdout, `works at ${connection.address.shown}, ${formatNumberOf(jobs, 'run')} at a time`);
      const unlock = () => {
        show.close();
        worker.unlock();
        releaseAtOnce(lockPath);
      };
      const note = (message: string) => show.say(io.stderr, message);
      const stopping = new Stopping({ stop: worker.stop, unlock, note }, PROMISE, PROCESS, io);
      await worker.done.finally(() => stopping.settle());
      return stopping.status;
    } finally {
      show.close();
      connection.close();
    }
  } finally {
    await lock.release();
  }
}

/** Says what begins and ends; on a terminal also how far the running ones are. */
class WorkerShow implements TaskListener {
  readonly #live: LiveLines | undefined;
  readonly #active = new Map<string, RunLine>();

  constructor(private readonly io: CliIo) {
    this.#live = isLive(io.stdout, io.env) ? new LiveLines(io.stdout) : undefined;
  }

  onStart({ run: { id } }: Parameters<TaskListener['onStart']>[0], resumed: boolean): void {
    this.#active.set(id, new RunLine());
    this.say(this.io.stdout, `${resumed ? 'goes on  ' : 'begins   '} ${printable(id)}`);
  }

  onEvent(...[{ run }, event]: Parameters<TaskListener['onEvent']>): void {
    this.#active.get(run.id)?.onEvent(event, performance.now() / 1000);
  }

  onEnd({ run: { id } }: Parameters<TaskListener['onEnd']>[0], outcome: TaskOutcome, detail?: string): void {
    this.#active.delete(id);
    const output = outcome === 'finished' ? this.io.stdout : this.io.stderr;
    this.say(output, `${outcome.padEnd(10)}${printable(id)}${detail ? `: ${printable(detail)}` : ''}`);
  }

  doing(run: string): string {
    return this.#active.get(run)?.text ?? '';
  }

  /** Writes lines that stay, above the live ones. */
  say(output: Output, ...lines: readonly string[]): void {
    this.#live?.clear();
    writeLines(output, ...lines);
    const width = widthOf(this.io.stdout);
    this.#live?.show(
      [...this.#active].map(
        ([id, line]) =>
          () =>
            `  ${id}  ${line.text}`.slice(0, width),
      ),
    );
  }

  close(): void {
    this.#active.clear();
    this.#live?.clear();
  }
}
