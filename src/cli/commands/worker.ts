import { type Command, Option } from 'commander';
import { numberOption, queueOption } from '../flags/options.js';
import type { CliIo } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { threadsEach } from '../run/threads-each.js';

interface WorkerCommandOptions {
  readonly queue?: string;
  readonly jobs?: number;
  readonly data?: readonly string[];
  readonly out?: string;
  readonly lock?: number;
}

/** Where a worker's runs are until their results have been sent. */
const FOLDER = 'runs/worker';
/** A worker that gives no sign for so long loses its runs, in seconds. */
const LOCK_SECONDS = 60;

/** `agon worker` */
export function define(command: Command, io: CliIo): void {
  const collect = (path: string, all: readonly string[] = []) => [...all, path];
  command
    .addOption(queueOption('where the runs are (needed)'))
    .addOption(numberOption('--jobs <n>', 'runs in parallel, which share the cores (1)'))
    .addOption(
      new Option('--data <path>', 'data that are here under another path; repeat it for more').argParser(collect),
    )
    .addOption(new Option('--out <folder>', `where runs are until their results have been sent (${FOLDER})`))
    .addOption(
      numberOption('--lock <seconds>', `silence after which another worker gets its runs (${LOCK_SECONDS})`, {
        whole: false,
        from: 1,
      }),
    )
    .action(async ({ queue, jobs = 1, data = [], out = FOLDER, lock = LOCK_SECONDS }: WorkerCommandOptions) => {
      if (queue === undefined) return failUsage('--queue', 'no queue is named', { expected: 'redis://host[:port]' });
      const { runWorker } = await import('../run/worker.js');
      const threads = threadsEach(jobs);
      io.exitCode = await runWorker({ queue, jobs, data, folder: out, lockSeconds: lock, threads }, io);
    });
}
