import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { AgonError, restoreError } from '../util/error.js';
import { describeMachine } from '../util/machine.js';
import type { Task } from '../util/task.js';
import { AGON_VERSION } from '../util/version.js';
import { workerFile } from '../util/worker-file.js';
import type { Cell, CellPlan } from './cell.js';
import type { CellAnswer } from './cell-process.js';

/** What is measured of a model, and how long. */
export interface BenchOptions {
  /** Images in a call (1, 8, 32). */
  readonly batchSizes?: readonly number[] | undefined;
  /** Threads of an operator (1, and as many as there are cores). */
  readonly threads?: readonly number[] | undefined;
  /** For which calls are measured, for each of these (2). */
  readonly seconds?: number | undefined;
  readonly device?: string | undefined;
  /** Whether the CPU may compute what a GPU has no kernel for (it may not). */
  readonly allowFallback?: boolean | undefined;
  /** A folder of images, to measure the way from files as well. */
  readonly images?: string | undefined;
  /** How they are prepared, where the model doesn't say it. */
  readonly preprocessing?: string | undefined;
  readonly output?: string | undefined;
  readonly task?: Task | undefined;
  /** Called before each of the measurements. */
  readonly onCell?: (cell: Pick<Cell, 'batch' | 'threads'>, index: number, of: number) => void;
}

/** How fast a model classifies, and on what that was measured. */
export interface BenchReport {
  readonly path: string;
  readonly device: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    /** `linux x64` */
    readonly platform: string;
  };
  readonly versions: { readonly agon: string; readonly node: string; readonly onnxruntime: string };
  /** Batch by batch for each number of threads. */
  readonly cells: readonly Cell[];
}

/** As many threads as there are cores. */
export const ALL_THREADS = availableParallelism();

/** Images in a call. */
export const BATCHES = [1, 8, 32];
const SECONDS = 2;

/**
 * Measures how fast an ONNX model, or the winner of a run (its folder), classifies: each batch size with each number of threads, in a
 * process of its own, so that time to open and memory are its own too.
 */
export async function benchModel(path: string, options: BenchOptions = {}): Promise<BenchReport> {
  const { batchSizes = BATCHES, threads = [1, ALL_THREADS], onCell = () => {}, seconds = SECONDS, ...others } = options;
  const { device = 'cpu', allowFallback, images, preprocessing, output, task } = others;
  const pairs = [...new Set(threads)].flatMap((count) => batchSizes.map((batch) => ({ threads: count, batch })));
  const cells: Cell[] = [];
  for (const [i, pair] of pairs.entries()) {
    onCell(pair, i, pairs.length);
    cells.push(await inProcess({ path, ...pair, seconds, device, allowFallback, images, preprocessing, output, task }));
  }
  const { cpu, cores, node } = describeMachine();
  return {
    path,
    device,
    machine: { cpu, cores, platform: `${process.platform} ${process.arch}` },
    versions: { agon: AGON_VERSION, node, onnxruntime: ONNXRUNTIME_VERSION },
    cells,
  };
}

const CELL = workerFile(import.meta.url, './cell-process');

/** Measures one of these in a process of its own. */
export function inProcess(plan: CellPlan): Promise<Cell> {
  return new Promise((resolve, reject) => {
    const child = fork(CELL.filename, { execArgv: CELL.execArgv ?? process.execArgv });
    child.once('message', (answer: CellAnswer) => {
      if ('cell' in answer) resolve(answer.cell);
      else reject(restoreError(answer));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const what = `the process that measures batch ${plan.batch} ended with ${signal ?? `code ${code}`}`;
      reject(new AgonError(plan.path, what, { hint: 'Is there enough memory? Try smaller batches (--batch-sizes)' }));
    });
    child.send(plan);
  });
}
