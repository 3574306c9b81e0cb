import type { PlannedRun } from '../../compare/experiment/experiment.js';
import type { WorkerState } from '../../queue/server/messages.js';
import type { Output } from '../../report/output.js';
import type { CliIo } from '../io/io.js';
import { RunsProgress } from './runs-progress.js';
import { workerLines } from './worker-lines.js';

/** Says which results have come, and when all may be there; on a terminal also what all machines do. */
export class QueueProgress {
  readonly #progress: RunsProgress;
  #lines: readonly string[] = [];

  constructor(
    private readonly comparison: string,
    planned: number,
    done: number,
    io: CliIo,
  ) {
    const lines = () => this.#lines.map((_, i) => () => this.#lines[i] ?? '');
    this.#progress = new RunsProgress(planned, done, io, lines, () => performance.now() / 1000);
  }

  onLook(workers: readonly WorkerState[]): void {
    const lines = workerLines(workers, this.comparison);
    const isSame = lines.length === this.#lines.length;
    this.#lines = lines;
    if (!isSame) this.#progress.show();
  }

  onCollected(run: PlannedRun): void {
    this.#progress.end(run);
  }

  onFailed(run: PlannedRun, error: unknown): void {
    this.#progress.fail(run, error);
  }

  /** Writes lines that stay, above the live ones. */
  say(output: Output, ...lines: readonly string[]): void {
    this.#progress.say(output, ...lines);
  }

  /** Removes the live lines. */
  close(): void {
    this.#lines = [];
    this.#progress.close();
  }
}
